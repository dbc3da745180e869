"""Demo people, the caisse's files about them, and the journey that `make demo` walks as a client."""

from pathlib import Path

from deploy.demo.people import REGISTER, TRY, register, settlements_file
from deploy.demo.upstream import import_register, publish_settlements
from deploy.embedded.stack import Stack


async def load(stack: Stack, data: Path) -> None:
    """Give the running stack the ten demo people and the caisse's settlements; doing it again changes nothing."""
    await import_register(data, REGISTER.read_text().splitlines())
    await publish_settlements(stack.kafka, settlements_file(), fresh=False)


def welcome(stack: Stack) -> str:
    """Who the demo people are, and what to try as them."""
    people = {f"P{number}": line for number, line in enumerate(register(), start=1)}
    lines = [f"Créez un compte sur {stack.site} avec l'une de ces identités fictives :", ""]
    for name, person in people.items():
        if name in TRY:
            who = f"{person['first_name']} {person['birth_last_name']}"
            given = f"{person['nir']}, né(e) le {person['birth_date']}, code postal {person['postal_code']}"
            card = (
                f"IBAN {person['iban']}, carte {person['vitale_serial']}"
                if person.get("vitale_serial")
                else "sans carte"
            )
            lines += [f"  {who:<20} {given}", f"  {'':<20} {card}", f"  {'':<20} → {TRY[name]}"]
    return "\n".join(
        [*lines, "", f"Les codes provisoires arrivent dans {stack.mailbox}", "Tout en une fois : make demo"]
    )
