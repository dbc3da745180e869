"""The HTTP APIs as OpenAPI 3.1: one document a service, and the gateway's, composed of what it forwards."""

from importlib import import_module
from typing import Any

from fastapi import APIRouter

from chassis.app import bare_app

SERVICES = ("identity", "payments", "procedures", "notifications")


def openapi() -> dict[str, dict[str, Any]]:
    """Every service's document, by service name."""
    return {name: _document(name) for name in SERVICES}


def _document(service: str) -> dict[str, Any]:
    api = import_module(f"services.{service}.api")
    routers = [found for found in vars(api).values() if isinstance(found, APIRouter)]
    return bare_app(service, routers).openapi()
