"""What an application that is too old is answered."""

from fastapi import FastAPI, Request, Response

from chassis.web import problem_response
from services.gateway.domain.versions import UpgradeRequired


def install_upgrades(app: FastAPI) -> None:
    """Answer UpgradeRequired with the header that RFC 9110 (15.5.22, 7.8) asks of a 426."""

    async def on_old_application(request: Request, refusal: Exception) -> Response:
        assert isinstance(refusal, UpgradeRequired)  # noqa: S101
        answer = problem_response(refusal, request.scope["headers"])
        answer.headers["upgrade"] = refusal.protocol
        answer.headers["connection"] = "upgrade"
        return answer

    app.add_exception_handler(UpgradeRequired, on_old_application)
