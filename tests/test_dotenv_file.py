"""A file .env: what it says, and on which line it says nothing that can be understood."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from alembic_proof import dotenv_file
from alembic_proof.errors import SettingsError

READ: dict[str, str | None] = {
    "SHOP_URL=sqlite:///a.db\n": "sqlite:///a.db",
    'SHOP_URL="sqlite:///a.db"   \n': "sqlite:///a.db",
    "SHOP_URL='sqlite:///a.db'\t# mine\r\n": "sqlite:///a.db",
    "\ufeffexport SHOP_URL = sqlite:///a.db": "sqlite:///a.db",
    "SHOP_URL=postgresql://u:$HOME@h/d": "postgresql://u:$HOME@h/d",
    "A: 1\nSHOP_URL=a\nSHOP_URL=b\n": "b",
    "SHOP_URL=\n": "",
    "": None,
    "# SHOP_URL=a\n": None,
    "OTHER_URL: a\nTEST_SHOP_URL=b\n": None,
}
WRONG = {
    "A=1\nSHOP_URL: s3cret\n": ", line 2: after SHOP_URL is a colon: write SHOP_URL=URL.",
    "\nSHOP_URL='s3cret\n": ", line 2: a quotation mark is not closed: write SHOP_URL=URL.",
    'A="b\n\nSHOP_URL="s3cret"\n': ", line 3: a quotation mark is not closed: write SHOP_URL=URL.",
    "set SHOP_URL=s3cret\n": ", line 1: it is not of the form SHOP_URL=URL: write SHOP_URL=URL.",
    'SHOP_URL="s3cret" and more\n': ", line 1: it is not of the form SHOP_URL=URL: write SHOP_URL=URL.",
    "A=1\nSHOP_URL\n": ", line 2: SHOP_URL has no value: write SHOP_URL=URL.",
    "SHOP_URI=s3cret\n": "",
    "\n\nSHOPP_URL=s3cret\n": ", line 3: it sets SHOPP_URL, and SHOP_URL is set nowhere: write SHOP_URL=URL.",
    "shop_url=s3cret\n": ", line 1: it sets shop_url, and SHOP_URL is set nowhere: write SHOP_URL=URL.",
}


@pytest.mark.parametrize("text", READ)
def test_what_it_says(tmp_path: Path, text: str) -> None:
    """As other programs read it; a "$" is a "$"."""
    file = tmp_path / ".env"
    file.write_bytes(text.encode())
    assert dotenv_file.read("SHOP_URL", file) == READ[text]


@pytest.mark.parametrize("text", WRONG)
def test_a_line_that_cannot_be_understood(tmp_path: Path, text: str) -> None:
    """It is named, and nothing that is in it, which may be a password."""
    file = tmp_path / ".env"
    file.write_text(text)
    if not WRONG[text]:
        assert dotenv_file.read("SHOP_URL", file) is None
        return
    with pytest.raises(SettingsError) as error:
        dotenv_file.read("SHOP_URL", file)
    assert str(error.value) == f"{file}{WRONG[text]}"
    assert "s3cret" not in str(error.value)


def test_without_a_file(tmp_path: Path) -> None:
    """It says nothing."""
    assert dotenv_file.read("SHOP_URL", tmp_path / ".env") is None


def test_a_file_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reason is that of the system."""
    (tmp_path / ".env").mkdir()
    with pytest.raises(SettingsError, match=r"\.env cannot be read: Is a directory\."):
        dotenv_file.read("SHOP_URL", tmp_path / ".env")
    (tmp_path / "text").write_bytes(b"SHOP_URL=\xff")
    with pytest.raises(SettingsError, match=r"text is not UTF-8 text: save it as UTF-8\."):
        dotenv_file.read("SHOP_URL", tmp_path / "text")
    (tmp_path / "text").write_bytes(b"SHOP_URL=a")
    monkeypatch.setitem(sys.modules, "dotenv.parser", None)
    with pytest.raises(SettingsError, match="python-dotenv must be installed"):
        dotenv_file.read("SHOP_URL", tmp_path / "text")
