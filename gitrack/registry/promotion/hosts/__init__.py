"""Where pull requests are opened: GitHub and GitLab, by their API, or by an address to open."""

from gitrack.registry.promotion.hosts.opening import Request, open_request, page
from gitrack.registry.promotion.hosts.place import Host, host_of

__all__ = ["Host", "Request", "host_of", "open_request", "page"]
