"""The Kaggle account, and whether Kaggle answers."""

from collections.abc import Iterator, Mapping
from contextlib import suppress

from kaggle_digits.competition import Kaggle, credentials, kernels, messages, reachable
from kaggle_digits.doctor.check import Check
from kaggle_digits.errors import CompetitionError, ConnectionLostError, CredentialsError, KaggleBusyError

_PATIENCE_S = 10.0
_NEXT = "needed for fetch and submit only"


def checks(environment: Mapping[str, str], online: bool) -> Iterator[Check]:
    """Which credentials are used, and what Kaggle says to them."""
    places = credentials.sources(environment)
    yield _credentials(places, credentials.damage(environment))
    if online and places:
        yield from _competition(environment)
    elif online and reachable(_PATIENCE_S / 2):
        yield Check("Kaggle", "ok", "answers")
    elif online:
        yield Check("Kaggle", "note", "not reachable", f"check the network, and HTTPS_PROXY behind a proxy; {_NEXT}")


def _credentials(places: list[str], damage: str) -> Check:
    if damage:
        return Check("credentials", "broken", damage, f"correct or remove it, or make a token at {messages.TOKEN_PAGE}")
    if not places:
        fix = f"make a token at {messages.TOKEN_PAGE}, then {messages.PLACES}; {_NEXT}"
        return Check("credentials", "note", "none", fix)
    used, *shadowed = places
    if shadowed:
        fix = f"remove what you do not use; {used} counts"
        return Check("credentials", "note", f"from {used}, which shadows {', '.join(shadowed)}", fix)
    return Check("credentials", "ok", f"from {used}")


def _competition(environment: Mapping[str, str]) -> Iterator[Check]:
    """One question shows whether Kaggle answers, knows the account, and has its consent to the rules."""
    with Kaggle(environment=environment) as kaggle:
        kaggle.patience = min(kaggle.patience, _PATIENCE_S)
        check = _joined(kaggle)
        yield check
        if check.state == "ok":
            with suppress(CompetitionError):
                quota = kernels.gpu_quota(kaggle)
                if quota is not None and quota.left > 0:
                    yield Check("GPU on Kaggle", "ok", str(quota))
                elif quota is not None:
                    yield Check("GPU on Kaggle", "note", str(quota), "needed for train --on kaggle only")


def _joined(kaggle: Kaggle) -> Check:
    rules = messages.page(kaggle.slug, "rules")
    try:
        joined = kaggle.joined()
    except CredentialsError as error:
        return Check("Kaggle", "broken", str(error), f"make a new token at {messages.TOKEN_PAGE}")
    except (ConnectionLostError, KaggleBusyError) as error:
        return Check("Kaggle", "note", "not reachable", str(error))
    except CompetitionError as error:
        return Check("Kaggle", "broken", "refuses", str(error))
    if joined is None:
        return Check("Kaggle", "note", "answers, but does not list the competition", f"see {rules}")
    if not joined:
        return Check(
            "Kaggle", "broken", "answers; its rules are not accepted yet", f"accept them, logged in, at {rules}"
        )
    return Check("Kaggle", "ok", "answers, knows the account, and its rules are accepted")
