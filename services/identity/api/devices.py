"""Known devices: looking at them, forgetting one."""

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel

from chassis.auth import CurrentPerson
from chassis.routes import CurrentWork, Now
from chassis.viewings import Noted
from services.identity import handlers
from services.identity.domain.session import Client
from services.identity.handlers import KnownDevices

router = APIRouter(prefix="/devices", tags=["devices"])


class DeviceView(BaseModel):
    """A device on which the code alone opens the account, until that day."""

    device_id: UUID
    client_id: Client
    remembered_at: datetime
    used_at: datetime
    until: datetime
    current: bool


class DevicesView(BaseModel):
    """All known devices, the last used first."""

    devices: list[DeviceView]

    @classmethod
    def of(cls, known: KnownDevices) -> "DevicesView":
        """The devices as their owner sees them."""
        return cls(
            devices=[
                DeviceView(
                    device_id=each.id,
                    client_id=each.client,
                    remembered_at=each.remembered_at,
                    used_at=each.used_at,
                    until=each.until,
                    current=each.id == known.current,
                )
                for each in known.devices
            ]
        )


@router.get("", operation_id="list_devices", summary="List the known devices")
async def list_devices(person: CurrentPerson, work: CurrentWork, noted: Noted, now: Now) -> DevicesView:
    """The devices that are remembered for 30 days."""
    known = await work.read(handlers.list_devices, handlers.ListDevices(person.id, person.session_id, now))
    await noted()
    return DevicesView.of(known)


@router.delete("/{device_id}", status_code=204, operation_id="forget_device", summary="Forget a known device")
async def forget_device(device_id: UUID, person: CurrentPerson, work: CurrentWork, now: Now) -> None:
    """Forget one of the person's own devices and end their sessions on it; any other is not found."""
    await work(handlers.forget_device, handlers.ForgetDevice(person.id, device_id, now))
