"""Whether Kaggle's site answers, asked without an account."""

from kaggle_digits.competition import answers


def reachable(seconds: float) -> bool:
    """Whether anything answers at Kaggle's address, through the proxies that the environment names.

    Args:
        seconds: how long to wait for it.
    """
    import requests

    try:
        requests.head(answers.SITE, timeout=seconds).close()
    except requests.RequestException:
        return False
    return True
