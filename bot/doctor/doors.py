"""The HTTP doors: whoever posts without Teams' signature must be answered 401, here and through the public address."""

import aiohttp

from bot.doctor.installation import Installation
from bot.doctor.lines import Line, fail, ok, warn
from bot.teams.urls import is_acceptable_service

_UNAUTHORIZED = 401
_TIMEOUT_S = 10.0
_PATH = "/api/messages"
_IMPOSTOR = "take it off the net until you know what answers there: anybody could speak as Teams"


async def own_door(desk: Installation) -> list[Line]:
    """Post to the door on this machine."""
    check = "own door"
    if not desk.own_url:
        return [warn(check, "PORT is 0, so nobody knows where the desk listens", "set PORT")]
    answer = await _post_unsigned(desk.own_url + _PATH)
    if isinstance(answer, str):
        advice = "start it, or look at its log; this was asked from here, so run doctor where the bot runs"
        return [warn(check, f"no desk answers at {desk.own_url} ({answer})", advice)]
    if answer != _UNAUTHORIZED:
        return [fail(check, f"an unsigned POST to {desk.own_url} was answered {answer}, not 401", _IMPOSTOR)]
    return [ok(check, f"an unsigned POST to {desk.own_url} was answered 401")]


async def public_door(desk: Installation) -> list[Line]:
    """Post to the public address, if one was named: from this machine, which is nearly from outside."""
    check = "public door"
    if not desk.public_url:
        return []
    url = desk.public_url.rstrip("/").removesuffix(_PATH)
    if not is_acceptable_service(url, allow_loopback_http=desk.loopback_allowed):
        return [fail(check, f"{url} is not an https address", "Teams calls https only, with a valid certificate")]
    answer = await _post_unsigned(url + _PATH)
    if isinstance(answer, str):
        advice = "check DNS, the firewall, the certificate and the proxy; the same address stands in the Azure Bot"
        return [fail(check, f"{url} was not reached ({answer})", advice)]
    if answer == _UNAUTHORIZED:
        return [ok(check, f"an unsigned POST to {url} was answered 401, asked from this machine")]
    if answer < 300:  # noqa: PLR2004  HTTP's border of success
        return [fail(check, f"an unsigned POST to {url} was answered {answer}, not 401", _IMPOSTOR)]
    advice = f"let the proxy pass POST {_PATH} on to the desk, without a redirect or a login of its own"
    return [fail(check, f"an unsigned POST to {url} was answered {answer}, not 401", advice)]


async def _post_unsigned(url: str) -> int | str:
    """Return the status, or why there was none."""
    timeout = aiohttp.ClientTimeout(total=_TIMEOUT_S, sock_connect=5)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.post(url, json={"type": "message"}, allow_redirects=False) as answer,
        ):
            return answer.status
    except TimeoutError:
        return f"no answer within {_TIMEOUT_S:.0f} s"
    except (aiohttp.ClientError, OSError, ValueError) as error:
        return type(error).__name__
