"""What plain DVC needs on the tracking branch to find heavy files without gitrack.

Found by trying DVC 3.67:

- A branch is a DVC repository when it has `.dvc/` at its root. Without a remote in it, `dvc get .`
  finds bytes in the cache of the checkout, if the checkout is a DVC project too.
- Every DVC command loads every pointer of a DVC repository at that revision: 0.7 s with one,
  3.8 s with 1,000. A day folder with a `.dvc/config` of its own is a repository inside the
  repository, loaded only when a path leads into it: 0.9 s with 1,000 pointers in 50 days, 2 s with
  20,000 in 60. A repository for each run is no way: each costs all others time (minutes with 900).
- Such an inner repository sees neither the checkout's cache nor its settings, only its own remote.
  Therefore a day gets its `.dvc/config` when there is a remote and the bytes are there; before
  that it would hide its pointers from the only place where the bytes are.
- A relative URL means another place in every clone, so none is ever written.
"""

from __future__ import annotations

import re

from gitrack.errors import ConfigError

#: The name of gitrack's DVC remote: one of its own, for `dvc gc` of a project knows nothing of
#: what only the tracking branch refers to.
REMOTE = "gitrack"

_URL = re.compile(r"([a-z][a-z0-9+.-]*)://", re.IGNORECASE)
_SCHEMES = frozenset(
    {
        *("s3", "gs", "azure", "gdrive", "ssh", "hdfs", "webhdfs"),
        *("http", "https", "oss", "webdav", "webdavs"),
    }
)
_CREDENTIALS = re.compile(r"[a-z][a-z0-9+.-]*://[^/@\s]*:[^/@\s]+@", re.IGNORECASE)

_DVC_IGNORE = b"/config.local\n/tmp\n/cache\n"

#: For people who check the branch out and run `dvc pull` there: what DVC fetches and makes is
#: not for git. Files that gitrack has committed stay tracked whatever this says.
_GIT_IGNORE = b"""\
/runs/*/*/*/*/artifacts/**
!/runs/*/*/*/*/artifacts/**/
!/runs/*/*/*/*/artifacts/**/*.dvc
/runs/*/*/*/.dvc/*
!/runs/*/*/*/.dvc/config
"""


def check_remote(url: str) -> str:
    """`url` if every clone can use it as it stands, else ConfigError."""
    if not url.strip() or re.search(r"[\x00-\x1f\x7f'\"]", url):
        raise ConfigError(
            f"artifact remote {url!r} is not a URL",
            hint="give s3://bucket/path or an absolute path",
        )
    if _CREDENTIALS.match(url):
        shown = re.sub(r"//[^/@]*@", "//…@", url)
        raise ConfigError(
            f"artifact remote {shown} holds a password, which would be on the branch for good",
            hint="leave it out and give it to DVC: dvc remote modify --local gitrack password …",
        )
    found = _URL.match(url)
    if found and found[1].lower() not in _SCHEMES:
        raise ConfigError(
            f"artifact remote {url} is of a kind that DVC does not know",
            hint=f"give an absolute path, or a URL of {', '.join(sorted(_SCHEMES))}",
        )
    absolute = url.startswith("/") or re.match(r"[A-Za-z]:[\\/]", url)
    if not (found or absolute):
        raise ConfigError(
            f"artifact remote {url} is a relative path, which means another place in each clone",
            hint="give an absolute path or a URL such as s3://bucket/path",
        )
    return url


def dvc_config(remote: str | None) -> bytes:
    """A `.dvc/config` with this remote as default; empty, as `dvc init` writes it, without."""
    if remote is None:
        return b""
    url = check_remote(remote)
    # ConfigObj reads '#' as the start of a comment and splits at commas unless quoted.
    value = f'"{url}"' if re.search(r"[#,\s]", url) else url
    text = f"[core]\n    remote = {REMOTE}\n['remote \"{REMOTE}\"']\n    url = {value}\n"
    return text.encode("utf-8")


def branch_files_for_new_branch(remote: str | None) -> dict[str, bytes]:
    """What the root of the tracking branch holds for DVC."""
    return {
        ".dvc/config": dvc_config(remote),
        ".dvc/.gitignore": _DVC_IGNORE,
        ".gitignore": _GIT_IGNORE,
    }


def day_files(remote: str | None) -> dict[str, bytes]:
    """What the folder of a day needs when a remote has its heavy files; paths below that folder.

    Empty without a remote.
    """
    return {} if remote is None else {".dvc/config": dvc_config(remote)}


def remote_in(config: bytes) -> str | None:
    """The URL of gitrack's remote that a `.dvc/config` on the branch names, if any."""
    from configobj import ConfigObj, ConfigObjError

    try:
        found = ConfigObj(config.decode("utf-8").splitlines(), interpolation=False)
        return str(found[f'remote "{REMOTE}"']["url"])
    except (ConfigObjError, UnicodeDecodeError, KeyError, TypeError):
        return None
