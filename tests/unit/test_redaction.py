"""Keys are masked in all written text, in every form in which providers and libraries print them."""

import logging
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.extract.redaction import MASK, Redactor

keys = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=6, max_size=40).filter(
    lambda key: key not in MASK
)


@given(key=keys, before=st.text(max_size=20), after=st.text(max_size=20))
def test_no_shape_of_the_key_survives(key: str, before: str, after: str) -> None:
    redactor = Redactor(key)
    for shape in (key, quote(key), quote_plus(key), quote(key, safe="")):
        assert key not in redactor.text(f"{before} {shape} {after}").replace(MASK, "")
        assert shape.encode() not in redactor.body(f"{{'{shape}'}}".encode()).replace(MASK.encode(), b"")


def test_a_url_loses_keys_and_passwords_but_keeps_the_rest() -> None:
    url = "https://user:hunter22@api.example.com/query?function=DAILY&apikey=abc123XYZ&symbol=BRK.B"
    assert Redactor("abc123XYZ").url(url) == f"https://api.example.com/query?function=DAILY&apikey={MASK}&symbol=BRK.B"
    assert Redactor(None).url(url).count(MASK) == 1


def test_an_echoed_key_is_masked_in_a_body() -> None:
    body = (
        b'{"Information": "We have detected your API key as ABCDEF123456 and our rate limit is 25 requests per day."}'
    )
    assert b"ABCDEF123456" not in Redactor("ABCDEF123456").body(body)


def test_log_records_are_masked(caplog: pytest.LogCaptureFixture) -> None:
    logger = logging.getLogger("marketloom.test.redaction")
    Redactor("ABCDEF123456").guard(logger.name)
    with caplog.at_level(logging.DEBUG, logger=logger.name):
        logger.debug("%s://%s %s", "https", "api.example.com", "/query?apikey=ABCDEF123456")
    assert "ABCDEF123456" not in caplog.text
    assert MASK in caplog.text
