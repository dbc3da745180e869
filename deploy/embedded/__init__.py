"""The whole stack on one machine, from Python packages alone: `python -m deploy.embedded up`."""
