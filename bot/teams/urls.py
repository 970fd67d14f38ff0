"""What a service URL may be, and when two of them are the same."""

from ipaddress import ip_address
from urllib.parse import urlsplit


def same_service(one: str, other: str) -> bool:
    """Return whether two service URLs name the same place; a trailing slash and the host's case do not matter."""
    return _normal(one) == _normal(other)


def is_acceptable_service(url: str, *, allow_loopback_http: bool) -> bool:
    """Return whether our token may be sent there: https, or plain http on loopback where development allows it."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return False
    if not parts.hostname or parts.username is not None or parts.query or parts.fragment:
        return False
    return parts.scheme == "https" or (allow_loopback_http and is_loopback_http(url))


def is_loopback_http(url: str) -> bool:
    """Return whether a URL is plain http to this machine."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    if parts.scheme != "http" or not parts.hostname:
        return False
    if parts.hostname == "localhost":
        return True
    try:
        return ip_address(parts.hostname).is_loopback
    except ValueError:
        return False


def _normal(url: str) -> tuple[str, str, str]:
    try:
        parts = urlsplit(url)
    except ValueError:
        return ("", url, "")
    return (parts.scheme.lower(), parts.netloc.lower(), parts.path.rstrip("/"))
