"""One-time passwords against the vectors of the RFCs."""

from __future__ import annotations

import pytest

from giban.runtime.admin.totp import STEP, base32, counter_of, password, secret_of, uri

TWENTY = b"12345678901234567890"
# RFC 6238, appendix B: one secret per algorithm, as long as the hash.
SECRETS = {"sha1": TWENTY, "sha256": TWENTY + b"123456789012", "sha512": TWENTY * 3 + b"1234"}
VECTORS = [
    (59, "94287082", "sha1"), (59, "46119246", "sha256"), (59, "90693936", "sha512"),
    (1111111109, "07081804", "sha1"), (1111111109, "68084774", "sha256"), (1111111109, "25091201", "sha512"),
    (1111111111, "14050471", "sha1"), (1111111111, "67062674", "sha256"), (1111111111, "99943326", "sha512"),
    (1234567890, "89005924", "sha1"), (1234567890, "91819424", "sha256"), (1234567890, "93441116", "sha512"),
    (2000000000, "69279037", "sha1"), (2000000000, "90698825", "sha256"), (2000000000, "38618901", "sha512"),
    (20000000000, "65353130", "sha1"), (20000000000, "77737706", "sha256"), (20000000000, "47863826", "sha512"),
]  # fmt: skip


@pytest.mark.parametrize(("at", "expected", "algorithm"), VECTORS)
def test_vectors_of_rfc_6238(at: int, expected: str, algorithm: str) -> None:
    assert password(SECRETS[algorithm], at // STEP, 8, algorithm) == expected


def test_vectors_of_rfc_4226() -> None:
    expected = ["755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"]
    assert [password(TWENTY, counter) for counter in range(10)] == expected


@pytest.mark.parametrize("step", [-1, 0, 1])
def test_a_clock_may_be_one_step_off(step: int) -> None:
    now = 1_700_000_000.0
    counter = int(now // STEP) + step
    assert counter_of(TWENTY, password(TWENTY, counter), now) == counter


@pytest.mark.parametrize("step", [-2, 2, 10])
def test_more_is_too_much(step: int) -> None:
    now = 1_700_000_000.0
    assert counter_of(TWENTY, password(TWENTY, int(now // STEP) + step), now) is None


@pytest.mark.parametrize("given", ["", "0", "00000", "0000000", "abcdef", "１２３４５６", "\ud800"])
def test_what_is_no_password_is_wrong(given: str) -> None:
    assert counter_of(TWENTY, given, 1_700_000_000.0) is None


def test_the_first_step_of_all_has_no_step_before() -> None:
    assert counter_of(TWENTY, password(TWENTY, 0), 0.0) == 0


def test_base32_there_and_back() -> None:
    assert base32(TWENTY) == "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    assert secret_of("gezdgnbvgy3tqojqgezdgnbvgy3tqojq ") == TWENTY
    assert secret_of(base32(b"seven77")) == b"seven77"
    with pytest.raises(ValueError, match=r"base32|Non-base32|padding"):
        secret_of("not base32!")


def test_the_address_for_an_app() -> None:
    assert uri("ABC", "dev box", "giban") == (
        "otpauth://totp/giban:dev%20box?secret=ABC&issuer=giban&algorithm=SHA1&digits=6&period=30"
    )
