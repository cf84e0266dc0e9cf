"""How the page is put together."""

import json
from html.parser import HTMLParser

import pytest

from kaggle_digits import page


class Scripts(HTMLParser):
    """The contents of a page's script elements, by their ids."""

    def __init__(self, text):
        super().__init__()
        self.found, self._id = {}, None
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self._id = dict(attrs).get("id") if tag == "script" else None

    def handle_data(self, data):
        if self._id:
            self.found[self._id] = self.found.get(self._id, "") + data


@pytest.mark.parametrize("name", ["<!--<script>", "</script><b>", "a & b", "\u2028"])
def test_a_run_may_have_any_name(name):
    text = page.offline({"about": {"run": name}})
    scripts = Scripts(text).found
    assert set(scripts) == {"model", "engine", "page"}
    assert json.loads(scripts["model"]) == {"about": {"run": name}}
    assert "<" not in scripts["model"]  # browsers end scripts by rules of their own
