"""The public API, under /api/v1."""

from services.gateway.api import forward, franceconnect, home, log_in, public, sessions

routers = (home.router, log_in.router, sessions.router, franceconnect.router, public.router, forward.router)
