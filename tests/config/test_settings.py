"""`.tracking/config.yaml`: defaults, values, and errors that name file, line and mend."""

from __future__ import annotations

from pathlib import Path

import pytest

from gitrack.config.settings import Config, load_config, parse_size
from gitrack.config.shape import parse
from gitrack.errors import ConfigError

DESIGNED = """\
project: logistics-delay-prediction
branch: gitrack
remote: origin
artifacts: {remote: s3://ml-team-data/gitrack, inline_below: 100kB}
capture:
  dirty: warn
  packages: true
  system_metrics: true
  output: tail
  environment_variables: [SLURM_JOB_ID]
site: {title: Delay prediction, public: false, hide: {params: ['*_path']}}
"""


def write(root: Path, text: str) -> Path:
    (root / ".tracking").mkdir(exist_ok=True)
    (root / ".tracking/config.yaml").write_text(text, "utf-8")
    return root


def test_without_a_file_the_defaults_hold(tmp_path):
    assert load_config(tmp_path) == Config()
    assert load_config(None) == Config()


def test_an_empty_file_means_the_defaults(tmp_path):
    assert load_config(write(tmp_path, "# nothing yet\n")) == Config()


def test_every_documented_option_is_read(tmp_path):
    config = load_config(write(tmp_path, DESIGNED))

    assert config.project == "logistics-delay-prediction"
    assert config.artifacts.remote == "s3://ml-team-data/gitrack"
    assert config.artifacts.inline_below == 100_000
    assert config.capture.system_metrics == 10.0
    assert config.capture.environment_variables == ("SLURM_JOB_ID",)
    assert config.site.hide.params == ("*_path",)


@pytest.mark.parametrize(
    ("value", "seconds"), [("true", 10.0), ("false", None), ("30", 30.0), ("0.5", 0.5)]
)
def test_system_metrics_are_on_off_or_an_interval(tmp_path, value, seconds):
    config = load_config(write(tmp_path, f"capture: {{system_metrics: {value}}}\n"))

    assert config.capture.system_metrics == seconds


@pytest.mark.parametrize(
    ("text", "size"),
    [("100kB", 100_000), ("2 MB", 2_000_000), ("1MiB", 1 << 20), (0, 0), (512, 512), ("7", 7)],
)
def test_sizes_are_decimal_unless_they_say_otherwise(text, size):
    assert parse_size(text) == size


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        (
            "capture:\n  dirty: wran\n",
            ".tracking/config.yaml:2: capture.dirty is 'wran'",
            "write one of: warn, refuse, ignore; did you mean 'warn'?",
        ),
        ("captre: {}\n", ".tracking/config.yaml:1: captre is not a known key", "'capture'"),
        ("site:\n  titel: x\n", "config.yaml:2: site.titel is not a known key", "'title'"),
        ("capture:\n  patch: 'no'\n", ":2: capture.patch is 'no'", "write true or false"),
        ("capture:\n\n  packages: 1\n", ":3: capture.packages is 1", "write true or false"),
        ("site:\n  title: 12\n", ":2: site.title is 12", 'put it in quotes: "…"'),
        ("- 1\n", "config.yaml:1: is a list", "write keys below it: project, branch"),
        ("site: dark\n", "config.yaml:1: site is 'dark'", "write keys below it: title"),
        (
            "artifacts:\n  inline_below: 10 potatoes\n",
            ":2: artifacts.inline_below is '10 potatoes'",
            "write a size such as 100kB or 2MB",
        ),
        ("artifacts: {remote: ../x}\n", "artifacts.remote is '../x'", "s3://bucket/gitrack"),
        ("capture: {system_metrics: 0}\n", "capture.system_metrics is 0", "true, false, or"),
        (
            "capture:\n  environment_variables:\n  - A\n  - B*\n",
            ":4: capture.environment_variables[1] is 'B*'",
            "by its full name",
        ),
        ("capture: {environment_variables: A}\n", "is 'A', which is not a list", "[a, b]"),
        ("branch: a..b\n", "config.yaml:1: branch is 'a..b'", "letters, digits"),
        ("a: 1\na: 2\n", "config.yaml:2: ", "remove one"),
        ("a: [1,\n", "config.yaml:2: ", "mend the line"),
        ("a: &x 1\n", "config.yaml:1: ", "write the value out"),
    ],
)
def test_an_error_names_file_line_value_and_mend(tmp_path, text, message, hint):
    with pytest.raises(ConfigError) as caught:
        load_config(write(tmp_path, text))

    assert message in caught.value.message
    assert caught.value.hint is not None
    assert hint in caught.value.hint


def test_text_that_is_not_utf8_is_an_error_with_the_file_in_it(tmp_path):
    write(tmp_path, "")
    (tmp_path / ".tracking/config.yaml").write_bytes(b"project: \xff\n")

    with pytest.raises(ConfigError, match=r"\.tracking/config\.yaml:1: not UTF-8"):
        load_config(tmp_path)


@pytest.mark.parametrize("written", ["off", "false", "'off'"])
def test_the_bare_word_off_is_the_word_and_not_false(tmp_path, written):
    (tmp_path / ".tracking").mkdir()
    text = f"capture: {{output: {written}, secrets: {written}}}\n"
    (tmp_path / ".tracking/config.yaml").write_text(text)

    capture = load_config(tmp_path).capture

    assert (capture.output, capture.secrets) == ("off", "off")


@pytest.mark.parametrize(
    "url", ["https://x.org/?a=b", "https://x.org/#top", "https://me:word@x.org/", "javascript:x", 3]
)
def test_the_address_of_a_site_has_no_query_and_no_password(url):
    with pytest.raises(ConfigError, match=r"site\.url"):
        parse(f"site: {{url: {url!r}}}".encode(), "config.yaml", Config)
    assert parse(b"site: {url: 'https://x.org/a/'}", "c", Config).site.url == "https://x.org/a"
