"""theme.yaml: name, footer, fonts and colours in one place, readable in both modes."""

import re
from pathlib import Path

import pytest

from newsletter.errors import ConfigError
from newsletter.files import resources
from newsletter.mail.render import Renderer
from newsletter.mail.view import Brand
from newsletter.settings import load_settings
from newsletter.theme import FILE, MIN_CONTRAST, contrast, load_theme, stylesheet
from tests import make
from tests.unit.mail.test_render import digest_of


def write(folder: Path, text: str) -> Path:
    path = folder / FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return folder


def test_what_a_theme_leaves_out_is_as_shipped(tmp_path: Path) -> None:
    theme = load_theme(write(tmp_path, 'name: Tea\ncolors:\n  dark:\n    link: "#ffffff"\n'))
    shipped = load_theme()
    assert (theme.name, theme.footer) == ("Tea", "")
    assert {key: value for key, value in theme.variables.items() if value != shipped.variables[key]} == {
        "dark-link": "#ffffff"
    }


def test_an_empty_theme_is_the_shipped_one(tmp_path: Path) -> None:
    assert load_theme(write(tmp_path, "# nothing\n")).variables == load_theme().variables


def test_mails_wear_the_theme(tmp_path: Path) -> None:
    theme = load_theme(write(tmp_path, 'fonts:\n  title: Palatino\ncolors:\n  light:\n    link: "#0b3d0b"\n'))
    folders = resources.folders("templates/email")
    page = Renderer(Brand("Tea", "a@example.org", "Tea Ltd.\n1 <Pot> Lane"), folders, theme)
    rendered = page.render(digest_of(make.announcement()))
    assert 'style="color:#0b3d0b;text-decoration:none"' in rendered.html
    assert "font-family:Palatino" in rendered.html
    assert "Tea Ltd.<br>\n1 &lt;Pot&gt; Lane<br>" in rendered.html
    assert "Tea Ltd.\n1 <Pot> Lane" in rendered.text


def test_pages_get_the_same_colours_for_both_modes(tmp_path: Path) -> None:
    css = load_theme(write(tmp_path, 'colors:\n  light: {link: "#0b3d0b"}\n  dark: {link: "#ffffff"}\n')).css()
    light, dark = css.split("@media (prefers-color-scheme:dark)")
    assert "--link:#0b3d0b;" in light
    assert "--link:#ffffff;" in dark


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("colors:\n  light:\n    ink: red\n", ':3: colors.light.ink: found "red", expected a colour such as "#1d4f63"'),
        ("color: {}\n", ":1: color: unknown key, expected colors"),
        ("colors:\n  drak: {}\n", ":2: colors.drak: unknown key, expected dark"),
        ("fonts:\n  text: 'a;} body{'\n", ":2: fonts.text: "),
        ("name: ''\n", ":1: name: "),
        ("name: [a\n", ":1: "),
    ],
)
def test_a_mistake_is_told_with_its_line(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(ConfigError) as refused:
        load_theme(write(tmp_path, text))
    assert problem in refused.value.problems[0]


def test_colours_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read") as refused:
        load_theme(write(tmp_path, 'colors:\n  dark:\n    soft: "#333333"\n'))
    assert refused.value.problems[0].startswith("colors.dark: soft on sheet has a contrast of 1.3; it needs 4.5")


def test_contrast_is_that_of_wcag() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)  # the well-known grey that just fails
    assert MIN_CONTRAST == 4.5


def test_an_unknown_colour_of_a_template_is_told() -> None:
    with pytest.raises(ConfigError, match=r"no theme has var\(--inc\), only ground, sheet, ink"):
        load_theme().fill("p { color: var(--inc) }")


def test_the_environment_holds_over_the_theme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(write(tmp_path, "name: Tea\nfooter: Tea Ltd.\n"))
    monkeypatch.delenv("NEWSLETTER_NAME", raising=False)
    assert (load_settings().name, load_settings().footer) == ("Tea", "Tea Ltd.")
    monkeypatch.setenv("NEWSLETTER_NAME", "Coffee")
    assert (load_settings().name, load_settings().footer) == ("Coffee", "Tea Ltd.")


def test_pages_wear_the_theme_and_ones_own_style_holds_over_it(tmp_path: Path) -> None:
    write(tmp_path, 'colors:\n  light:\n    link: "#0b3d0b"\n')
    assert "--link:#0b3d0b;" in stylesheet(tmp_path)
    own = tmp_path / "templates/web/style.css"
    own.parent.mkdir()
    own.write_text(":root { --link: #000000; }", encoding="utf-8")
    assert stylesheet(tmp_path).index("--link:#0b3d0b") < stylesheet(tmp_path).index("--link: #000000")


def test_pages_use_no_variable_that_nothing_sets() -> None:
    styles = stylesheet() + resources.read_text("templates/web/archive.css")
    assert set(re.findall(r"var\(--([a-z-]+)", styles)) <= set(re.findall(r"--([a-z-]+):", styles))
