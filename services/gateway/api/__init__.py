"""The public API, under /api/v1."""

from services.gateway.api import forward, home, public, sessions

routers = (home.router, sessions.router, public.router, forward.router)
