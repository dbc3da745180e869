"""No route of a service answers anybody but the gateway."""

from importlib import import_module

import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts

from chassis.app import bare_app
from chassis.auth import current_caller

SERVICES = ("identity", "payments", "procedures", "notifications")


def asks_who_calls(dependant: Dependant) -> bool:
    return dependant.call is current_caller or any(asks_who_calls(each) for each in dependant.dependencies)


@pytest.mark.parametrize("service", SERVICES)
def test_every_route_of_a_service_asks_for_the_gateways_token(service: str) -> None:
    app = bare_app(service, [import_module(f"services.{service}.api").router])
    routes = {each.path: each.dependant for each in iter_route_contexts(app.routes)}
    assert routes
    assert [path for path, dependant in routes.items() if not asks_who_calls(dependant)] == []
