"""The command line; without its packages it says which one is missing."""

import sys

try:
    from deploy.embedded.cli import main
except ModuleNotFoundError as missing:
    sys.exit(f"Il manque le paquet Python « {missing.name} » : installez le projet (pip install -e '.[embedded]').")

if __name__ == "__main__":
    sys.exit(main())
