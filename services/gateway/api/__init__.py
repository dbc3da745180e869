"""The public API, under /api/v1."""

from services.gateway.api import app_links, forward, franceconnect, helping, home, log_in, portal_info, public, sessions

routers = (
    home.router,
    log_in.router,
    sessions.router,
    franceconnect.router,
    public.router,
    portal_info.router,
    helping.router,
    app_links.router,
    forward.router,
)
