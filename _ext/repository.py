"""Launch buttons and the links to the repository, to edit a page and to cite the book, from one place.

The address is the environment variable BOOK_REPOSITORY_URL, else the `origin` remote when that is a
web address or an ssh address of a host. A path on a disk, a host whose pages are not known, or nothing leaves
all of them out: a dead button is worse than none. Links to Binder follow from the address.
"""

import os
import re
import subprocess

# Where a repository's page shows one of its files, by what the name of the host contains.
FILES = {"github": "blob/{}", "gitlab": "-/blob/{}", "bitbucket": "src/{}"}


def web_address(remote):
    """Turn a git remote into the https address of its page, or None when it has none.

    >>> web_address("git@github.com:someone/book.git")
    'https://github.com/someone/book'
    >>> web_address("/srv/git/book.git") is None
    True
    """
    match = re.fullmatch(
        r"(?:https?://(?:[^@/]*@)?|ssh://(?:[^@/]*@)?|[\w.-]+@)"  # scheme or user@
        r"(?P<host>[\w-]+(?:\.[\w-]+)+)(?::\d+)?[:/]"
        r"(?P<path>[\w.-]+/[\w./-]+?)(?:\.git)?/?",
        remote.strip(),
    )
    return f"https://{match['host']}/{match['path']}" if match else None


def repository_url(root):
    """Return the https address of the repository of the folder `root`, or None."""
    remote = os.environ.get("BOOK_REPOSITORY_URL")
    if remote is None:
        git = ["git", "-C", str(root), "remote", "get-url", "origin"]
        try:
            remote = subprocess.run(git, capture_output=True, text=True, check=False).stdout
        except FileNotFoundError:
            return None
    return web_address(remote)


def set_repository(app, config):
    """Give the theme the repository's address and Binder's, or neither."""
    options = config.html_theme_options
    url = repository_url(app.srcdir)
    host = url.split("/")[2] if url else ""
    provider = next((name for name in FILES if name in host), None)
    if provider is None:
        options.pop("repository_url", None)
        options.pop("launch_buttons", None)
        return
    branch = os.environ.get("BOOK_REPOSITORY_BRANCH", "main")
    config.html_context["citation_url"] = f"{url}/{FILES[provider].format(branch)}/CITATION.cff"
    options["repository_url"] = url
    options["repository_provider"] = provider
    options["repository_branch"] = branch
    options["use_repository_button"] = True
    options["use_issues_button"] = True
    options["launch_buttons"] = {
        "notebook_interface": "jupyterlab",
        "binderhub_url": "https://mybinder.org",
    }


def setup(app):
    app.connect("config-inited", set_repository, priority=100)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
