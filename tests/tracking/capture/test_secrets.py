"""No secret reaches history, and nothing else is taken for one.

The keys here are put together when the tests run, so that none stands in this repository.
"""

from __future__ import annotations

import base64
import json
import secrets as lots
import string
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitrack.errors import SecretFound
from gitrack.model.ids import new_run_id
from gitrack.model.run import Code, Dataset, Environment, Run
from gitrack.tracking.capture.secrets import Scanner


def letters(count: int, alphabet: str = string.ascii_letters + string.digits) -> str:
    return "".join(lots.choice(alphabet) for _ in range(count))


def jwt() -> str:
    parts = [{"alg": "HS256", "typ": "JWT"}, {"sub": "1234567890", "name": "Ada"}]
    encoded = [base64.urlsafe_b64encode(json.dumps(p).encode()).rstrip(b"=") for p in parts]
    return b".".join(encoded).decode() + "." + letters(43)


def pem(kind: str = "RSA PRIVATE KEY") -> str:
    body = "\n".join(letters(64) for _ in range(6))
    return f"-----BEGIN {kind}-----\n{body}\n-----END {kind}-----"


UPPER = string.ascii_uppercase + string.digits

KEYS = {
    "aws": lambda: "AKIA" + letters(16, UPPER),
    "github": lambda: "ghp_" + letters(36),
    "github fine": lambda: "github_pat_" + letters(22) + "_" + letters(59),
    "gitlab": lambda: "glpat-" + letters(20),
    "slack": lambda: (
        f"xoxb-{letters(12, string.digits)}-{letters(12, string.digits)}-{letters(24)}"
    ),
    "stripe": lambda: "sk_live_" + letters(24),
    "hugging face": lambda: "hf_" + letters(34),
    "openai": lambda: "sk-proj-" + letters(48),
    "google": lambda: "AIza" + letters(35),
    "pypi": lambda: "pypi-AgEIcHlwaS5vcmc" + letters(80),
    "jwt": jwt,
    "sendgrid": lambda: f"SG.{letters(22)}.{letters(43)}",
    "bearer": lambda: "Bearer " + letters(40),
    "npm": lambda: "//registry.example.com/:_authToken=" + letters(36),
}


def a_run(**fields: object) -> Run:
    known = {
        "id": new_run_id(),
        "name": "lr005",
        "experiment": "xgboost-baseline-20241015",
        "started": "2024-10-22T14:30:12.120Z",
    }
    return Run(**known | fields)


def as_text(run: Run) -> str:
    return repr(run)


@pytest.mark.parametrize("kind", KEYS)
def test_a_key_is_cut_out_whole_wherever_it_stands(kind: str) -> None:
    key = KEYS[kind]()
    secret = key.rpartition("=")[2].removeprefix("Bearer ")
    run = a_run(
        command=f"python train.py --data x.csv {key} --lr 1",
        params={"harmless": f"see {key}, please", key: "as a name"},
        tags={"remark": key},
        notes=f"used '{key}'.",
        error=f'  File "x.py"\n    call("{key}")',
        data=[Dataset(name="a", uri=f"https://example.com/a?x={key}")],
        environment=Environment(variables={"JOB": key}),
    )

    clean = Scanner().clean_run(run)
    data = Scanner().clean_bytes("code.patch", f'+x = "{key}"\n'.encode())

    assert secret not in as_text(clean)
    assert secret[-12:] not in as_text(clean)
    assert "[redacted: " in clean.params["harmless"]
    assert secret.encode() not in data
    assert data.startswith(b'+x = "')


@pytest.mark.parametrize(
    "command",
    [
        "python train.py --api-key={}",
        "python train.py --api-key {} --epochs 3",
        "python train.py --password '{}'",
        'python train.py --db.password="{}"',
        "python train.py db.password={} lr=0.1",
        "python train.py -token {}",
        "API_KEY={} python train.py",
        "curl https://ada:{}@example.com/data",
        "python train.py --url postgresql://ada:{}@db/prod",
        "python train.py --header 'Authorization: Bearer {}'",
    ],
)
def test_flags_of_the_command_line(command: str) -> None:
    secret = "Tr0ub4dor" + letters(14)
    scanner = Scanner()

    clean = scanner.clean_run(a_run(command=command.format(secret)))

    assert clean.command is not None
    assert secret not in clean.command
    assert clean.command.startswith(command.partition("{}")[0][:6])
    assert scanner.findings
    assert not any(secret in finding for finding in scanner.findings)


@pytest.mark.parametrize(
    "name",
    """
    password db_password DB_PASSWD apiKey api-key wandb_api_key HF_TOKEN private_key SECRET_KEY
    aws_secret_access_key client_secret auth.token credentials accessToken github_token
    passphrase password_1
    """.split(),  # noqa: SIM905 - a list of words reads as words
)
def test_names_that_say_it(name: str) -> None:
    secret = "plain" + letters(8)
    scanner = Scanner()

    clean = scanner.clean_run(a_run(params={name: secret}, tags={name: secret, "note": secret}))

    assert secret not in as_text(clean)
    assert str(clean.params[name]).startswith("[redacted: ")
    assert scanner.findings[0].startswith(f"params.{name}: ")


def test_short_and_numeric_passwords_are_hidden_in_place_only() -> None:
    clean = Scanner().clean_run(
        a_run(params={"password": 12345, "db_password": "abc", "abcd": "abc 12345"})
    )

    assert clean.params == {
        "password": "[redacted: password]",
        "db_password": "[redacted: password]",
        "abcd": "abc 12345",
    }


HARMLESS = {
    "max_tokens": 4096,
    "num_tokens": "1024",
    "tokenizer": "bert-base-uncased",
    "pad_token": "<pad>",
    "eos_token": "</s>-end-of-text",
    "token_dropout": 0.1,
    "tokens_per_batch": "25000",
    "key": "passenger_id",
    "keys": '["a", "b", "c"]',
    "primary_key": "flight_id_and_date",
    "sort_key": "departure_time_utc",
    "secret": None,
    "password": "${DB_PASSWORD}",
    "api_key": "<your key>",
    "pwd": "/home/ada/project",
    "ssh_private_key": "~/.ssh/id_ed25519",
    "use_secret": True,
    "author": "ada.example",
    "passes": "three times over it",
    "monkey": "a-b-c-d-e-f-g-h-1-2-3",
    "md5": "a4f8b2c1d4e7f9a0b1c2d3e4f5a6b7c8",
    "commit": "a3f8b2c1d4e7f9a0b1c2d3e4f5a6b7c8d9e0f1a2",
    "digest": "sha256:" + "0f" * 32,
    "run": "20241022-143012-7k3f9q",
    "uuid": "123e4567-e89b-12d3-a456-426614174000",
    "picture": "data:image/png;base64," + base64.b64encode(bytes(range(256)) * 3).decode(),
    "etag": '"33a64df551425fcc55e4d42a148795d9f25f89d4"',
    "email": "jane.smith@example.com",
    "remote": "ssh://git@example.com/team/project.git",
    "s3": "s3://ml-team-data/gitrack/a4/f8b2c1d4e7f9a0b1c2d3e4f5a6b7c8",
    "image": "registry.example.com:5000/ml-training:2024.10.15",
    "url": "https://example.com/a/b?page=2&sort=asc#top",
    "host": "http://localhost:5000",
    "time": "2024-10-22T14:30:12.120Z",
    "layers": "[(64, 'relu'), (32, 'relu'), (1, 'sigmoid')]",
    "APACHE": "APACHELICENSE",
    "version": "xgboost==1.7.6; python_version >= '3.10'",
}


def test_hashes_ids_and_words_of_the_trade_are_left_alone() -> None:
    run = a_run(
        command=(
            "python train.py --tokenizer bert-base --max-tokens 512 --key flight "
            "--resume 20241022-143012-7k3f9q --sha a3f8b2c1d4e7f9a0b1c2d3e4f5a6b7c8d9e0f1a2"
        ),
        params=HARMLESS,
        tags={"tag." + name: value for name, value in HARMLESS.items()},
        code=Code(commit="a3f8b2c1d4e7f9a0b1c2d3e4f5a6b7c8d9e0f1a2", branch="fix/token-counts"),
        data=[Dataset(name="flights", dvc="md5:a4f8b2c1d4e7f9a0b1c2d3e4f5a6b7c8")],
        environment=Environment(packages="sha256:" + "ab" * 32),
    )
    scanner = Scanner("refuse")

    assert scanner.clean_run(run) is run
    assert scanner.findings == []


def test_ordinary_source_is_left_alone() -> None:
    here = Path(__file__)
    sources = [here.parents[3] / "gitrack" / name for name in ("errors.py", "model/run.py")]
    code = (
        b"".join(path.read_bytes() for path in sources)
        + b"""
+    token = tokenizer.encode(text, max_length=max_tokens)
+    password = getpass.getpass()
+    api_key = os.environ["API_KEY"]
+    def login(self, password: str, token: str = "") -> None:
+    headers = {"Authorization": f"Bearer {token}"}
+    parser.add_argument("--api-key", help="the key")
     pad_token="[PAD]", eos_token="<|endoftext|>"
"""
    )

    assert Scanner("refuse").clean_bytes("code.patch", code) == code


@pytest.mark.parametrize(
    "line",
    [
        'password = "{}"',
        "config = {{'api_key': '{}'}}",
        '"client_secret": "{}",',
        "DB_PASSWORD={}",
        "export HF_TOKEN={}",
        "api_key: {}",
        "+    password: {}",
        "machine login: postgresql://ada:{}@db.example.com/x",
        "Authorization: Basic {}",
        "GET /x?access_token={}&page=2",
    ],
)
def test_assignments_in_files(line: str) -> None:
    secret = "s3cr3t" + letters(16)
    text = f"first\n{line.format(secret)}\nlast\n"
    scanner = Scanner()

    clean = scanner.clean_bytes("output.txt", text.encode()).decode()

    assert secret not in clean
    assert clean.startswith("first\n")
    assert clean.endswith("\nlast\n")
    assert scanner.findings[0].startswith("output.txt:2: ")


@pytest.mark.parametrize("mark", ["", "+", "-", " "])
@pytest.mark.parametrize(
    "kind", ["RSA PRIVATE KEY", "PRIVATE KEY", "OPENSSH PRIVATE KEY", "PGP PRIVATE KEY BLOCK"]
)
def test_private_keys_go_with_all_their_lines(mark: str, kind: str) -> None:
    key = pem(kind)
    marked = "\n".join(mark + line for line in f"a = 1\n{key}\nb = 2".split("\n"))

    clean = Scanner().clean_bytes("code.patch", marked.encode()).decode()

    assert not any(line in clean for line in key.split("\n")[1:-1])
    assert clean.count("\n") == marked.count("\n")
    assert [line[: len(mark)] for line in clean.split("\n")] == [mark] * (clean.count("\n") + 1)
    assert clean.endswith(f"{mark}b = 2")


def test_private_keys_that_are_cut_or_in_one_line() -> None:
    key = pem()
    begin, _, rest = key.partition("\n")
    body = rest.split("\n")[0]
    texts = [
        key.rpartition("\n")[0],  # the end is missing
        "\n".join(key.split("\n")[2:]),  # the beginning is
        json.dumps({"key": key}),  # \n as two characters
        f"{begin}\n{body}",
    ]

    for text in texts:
        clean = Scanner().clean_bytes("output.txt", f"log\n{text}\n".encode()).decode()
        assert not any(len(part) >= 60 for part in clean.split()), text
        assert clean.startswith("log\n")


def test_a_secret_found_once_is_hidden_everywhere() -> None:
    secret = letters(20, string.ascii_lowercase)
    scanner = Scanner()

    clean = scanner.clean_run(
        a_run(name=f"with-{secret}", notes=f"the key is {secret}", params={"api_key": secret})
    )
    output = scanner.clean_bytes("output.txt", f"connecting with {secret}\n".encode())

    assert secret not in as_text(clean)
    assert output == b"connecting with [redacted: api key]\n"


def test_refuse_says_where_and_not_what() -> None:
    secret = KEYS["aws"]()

    with pytest.raises(
        SecretFound, match=r"params\.where: aws access key must not reach"
    ) as caught:
        Scanner("refuse").clean_run(a_run(params={"where": secret}))
    assert secret not in str(caught.value)
    with pytest.raises(SecretFound, match=r"output\.txt:2: aws access key"):
        Scanner("refuse").clean_bytes("output.txt", f"x\n{secret}\n".encode())


def test_off_looks_at_nothing() -> None:
    run = a_run(params={"password": "abc"})
    scanner = Scanner("off")

    assert scanner.clean_run(run) is run
    assert scanner.clean_bytes("a", b"AKIA" + b"A" * 16) == b"AKIA" + b"A" * 16


def test_a_line_may_be_allowed_as_detect_secrets_has_it() -> None:
    line = f'EXAMPLE = "{KEYS["aws"]()}"  # pragma: allowlist secret\n'.encode()

    assert Scanner("refuse").clean_bytes("code.patch", line) == line


def test_pictures_and_odd_bytes_stay_as_they_are() -> None:
    picture = b"\x89PNG\r\n\x1a\n\0" + KEYS["aws"]().encode()
    latin = "caf\u00e9 ".encode("latin-1")
    secret = KEYS["github"]()

    assert Scanner().clean_bytes("a.png", picture) == picture
    assert Scanner().clean_bytes("a.txt", latin * 3) == latin * 3
    cleaned = Scanner().clean_bytes("a.txt", latin + secret.encode())
    assert cleaned == latin + b"[redacted: github token]"
    wide = Scanner().clean_bytes("a.txt", f"x {secret}".encode("utf-16"))
    assert wide.decode("utf-16") == "x [redacted: github token]"


def test_cleaning_twice_changes_nothing_more() -> None:
    text = "\n".join(make() for make in KEYS.values()) + f"\n{pem()}\npassword = 'abcdefgh1'\n"

    once = Scanner().clean_bytes("a.txt", text.encode())

    assert Scanner().clean_bytes("a.txt", once) == once
    assert Scanner("refuse").clean_bytes("a.txt", once) == once


@settings(max_examples=60, deadline=None)
@given(
    before=st.text(max_size=30),
    after=st.text(max_size=30),
    kind=st.sampled_from([kind for kind in KEYS if kind not in ("bearer", "npm")]),
    seed=st.integers(),
)
def test_a_key_between_anything_never_survives(
    before: str, after: str, kind: str, seed: int
) -> None:
    key = KEYS[kind]()
    # a letter right before it would make another word of it
    text = f"{before} {key} {after}"

    run = Scanner().clean_run(a_run(notes=text))
    data = Scanner().clean_bytes("f", text.encode("utf-8", "surrogatepass"))

    assert key not in (run.notes or "")
    assert key.encode() not in data


@pytest.mark.parametrize(
    "text",
    [
        "private key\n" + ("A" * 64 + "\n ") * 3_000,
        "private key " + ("+" * 64 + "\n+") * 3_000,
        " " * 200_000 + "x",
        "key: " + "1" * 200_000 + "(",
        "token=" * 30_000,
        "://" * 60_000,
        "-----BEGIN PRIVATE KEY-----\n" * 3_000,
        "eyJ" * 60_000,
        "a=" + '"' * 200_000,
        "aws" * 60_000,
        "https://" + "a" * 200_000 + "@",
    ],
)
def test_hostile_texts_are_read_in_reasonable_time(text: str) -> None:
    """With patterns that try every way to divide a text, each of these would take hours."""
    clean = Scanner().clean_bytes("output.txt", text.encode())

    assert isinstance(clean, bytes)


def test_learning_the_patterns_leaves_warnings_as_they_are() -> None:
    """Those of the user are seen afterwards, and there is none of our own.

    Another thread may set the filters of warnings back just when `requests` is imported.
    """
    program = (
        "import warnings, sys\n"
        "warnings.simplefilter = lambda *a, **k: None\n"
        "from gitrack.tracking.capture.secrets import preload\n"
        "preload()\n"
        "assert 'requests' in sys.modules and 'urllib3.contrib.socks' not in sys.modules\n"
        "warnings.warn('lbfgs failed to converge')\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)

    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines() == ["<string>:6: UserWarning: lbfgs failed to converge"]
