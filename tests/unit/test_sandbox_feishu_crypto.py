"""The stand-in's own cipher and signatures against the public vectors of feishu.md §1.5."""

import base64
import json

import pytest

from suanli.sandbox.feishu.crypto import decrypt, encrypt, event_signature, hook_signature

NODE_KEY = "mazhe.nerd"
NODE_SEALED = (
    "tT1xP+ovuc0T3b/rnZX3ax76exqAn0ANQ6/U45GcciC0mgNBc8JtvqOJGNAPMKpgRs2dVU1NYk9VDeqS8T4SYtU0hzNU54aS84WnxvZ3VFfD"
    "cy/RyABlNqlUiGyLDzFI0yxdCMT4KR/YEQXlt6nZi50KwRlZ+A75r645KesZuLMljezYyY8VeeXEVjPw35+e"
)
CHALLENGE = '{"challenge":"ajls384kdjxxxx","token":"xxxxxx","type":"url_verification"}'
CHALLENGE_SEALED = (
    "AAAAAAAAAAAAAAAAAAAAAD6N0hj9vF9ERgmsJVWf4XdBB8alW5ZBsDuHkMp9Naf/xVM3GFwJ0sw5dGJSplyIv/RxLPePH4Zf"
    "AyoiYqf1SBICEaUTWF61HVgxY3M0ZrhP"
)
ZERO_IV = bytes(16)


def test_the_vector_of_the_official_page_opens() -> None:
    assert decrypt("test key", "P37w+VZImNgPEO1RBhJ6RtKl7n6zymIbEG1pReEzghk=") == b"hello world"


def test_the_vector_of_the_node_sdk_opens() -> None:
    assert json.loads(decrypt(NODE_KEY, NODE_SEALED)) == {
        "challenge": "5634b122-c042-4634-bc7f-b07a3c3e77ad",
        "token": "iRdCP2WwXNBXRM3mGLqhrgch3cn0gbT6",
        "type": "url_verification",
    }


def test_sealing_the_node_vector_again_under_its_own_iv_gives_its_bytes() -> None:
    iv = base64.b64decode(NODE_SEALED)[:16]

    assert encrypt(NODE_KEY, decrypt(NODE_KEY, NODE_SEALED), iv) == NODE_SEALED


@pytest.mark.parametrize(
    ("plain", "sealed"),
    [
        ("hello world", "AAAAAAAAAAAAAAAAAAAAAOEGyxdYyxQFKFf1rEmCBXs="),
        (
            CHALLENGE,
            CHALLENGE_SEALED,
        ),
    ],
)
def test_under_a_zero_iv_the_computed_vectors_come_out(plain: str, sealed: str) -> None:
    assert encrypt("test key", plain.encode(), ZERO_IV) == sealed


def test_the_same_words_never_look_the_same_twice() -> None:
    sealed = {encrypt("test key", b"hello world") for _ in range(20)}

    assert len(sealed) == 20
    assert {decrypt("test key", one) for one in sealed} == {b"hello world"}


def test_another_key_does_not_open_it() -> None:
    # One wrong key in 256 leaves something that looks padded; this one does not.
    with pytest.raises(ValueError, match=r"[Pp]adding"):
        decrypt("another key", encrypt("test key", b"hello world", ZERO_IV))


def test_the_signature_is_that_of_the_sheet() -> None:
    body = b'{"encrypt":"P37w+VZImNgPEO1RBhJ6RtKl7n6zymIbEG1pReEzghk="}'

    signed = event_signature("1609073151", "nonce123", "test key", body)

    assert signed == "984d6b650d8ea7ea33f3bb4ac34a5d59448aff91e374509cf9cf025cd3d84be2"


def test_a_custom_bot_signs_with_secret_and_time_as_the_key() -> None:
    assert hook_signature(1599360473, "demo") == "l1N0gAcBjdwBvGm1xMjOF0XSyaLRpR7tuO5dHfhAYc8="
