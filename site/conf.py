"""The settings of Sphinx for the lessons as a book. build.py lays out the pages and calls Sphinx with this folder.

Sphinx with myst-nb rather than Jupyter Book 2: that one renders on a Node server and has no pages from docstrings.
"""

import json
import os
import re
import sys
from pathlib import Path

ROOT = Path(os.environ["SEGKIT_ROOT"])
sys.path.insert(0, str(ROOT / "site"))
import launch  # noqa: E402 - it lies beside this file's original

project = "segkit"
author = "The segkit authors"
copyright = "the segkit authors, Apache-2.0"
version = release = re.search(r'__version__ = "(.+)"', (ROOT / "segkit" / "__init__.py").read_text("utf-8"))[1]
SITE = json.loads(os.environ["SEGKIT_SITE"])  # {"language": of these pages, "names": {language: in its own words}}
language = SITE["language"]
english = language == "en"
if language.startswith("zh"):
    # Sphinx 9.0 calls a stemmer for Chinese that it does not have: the file that it brings is the English one.
    from sphinx.search.zh import SearchChinese

    SearchChinese.language_name = "English"

extensions = ["myst_nb", "autoapi.extension", "sphinx.ext.napoleon", "sphinx.ext.mathjax"]

# The notebooks show what they store; nothing runs.
nb_execution_mode = "off"
nb_merge_streams = True
myst_enable_extensions = ["colon_fence", "dollarmath", "linkify"]
# As GitHub and JupyterLab make the addresses of headings: the lessons' links to the glossary count on it.
myst_heading_anchors = 3
# Without importing, autoapi cannot follow a constant through "from ... import"; and one name may stand in two classes.
suppress_warnings = ["autoapi.python_import_resolution", "ref.python"]

# The rooms of the library: what a reader can call. The lessons' own folders and the command line are explained elsewhere.
autoapi_dirs = [str(ROOT / "segkit")]
autoapi_root = "api"
autoapi_ignore = ["*/lessons/*", "*/cli/*", "*/__main__.py", "*/widgets/*"]
autoapi_options = ["members"]
autoapi_generate_api_docs = english
autoapi_add_toctree_entry = False
autoapi_keep_files = False
autoapi_python_class_content = "both"
autoapi_member_order = "groupwise"
napoleon_numpy_docstring = False
napoleon_use_ivar = True

html_title = "segkit"
html_theme = "sphinx_book_theme"
html_static_path = ["static"]
templates_path = ["templates"]
html_css_files = ["segkit.css"]
html_js_files = ["segkit.js"]
html_favicon = "static/icon.svg"
# Light or dark as the reader's system is, until the reader chooses.
html_context = {"default_mode": "auto"}
html_show_sourcelink = False
html_copy_source = False
# The search finds the names.
html_use_index = html_domain_indices = False
mathjax_path = "mathjax/tex-chtml.js"
html_theme_options = {
    "navbar_persistent": [],
    "article_header_end": ["segkit-languages.html", "article-header-buttons.html"],
    "show_navbar_depth": 1,
    "show_toc_level": 2,
    "use_download_button": False,
    "use_fullscreen_button": False,
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}

# Buttons that start a lesson on Binder or Colab need the public address of the repository, which the host knows.
repository, branch = launch.public()
if repository:
    html_theme_options |= {
        "repository_url": repository,
        "repository_branch": branch,
        "use_repository_button": True,
        "launch_buttons": {"binderhub_url": "https://mybinder.org", "colab_url": "https://colab.research.google.com",
                           "notebook_interface": "jupyterlab"},
    }


def to_the_copies(app, page, template, context, doctree):
    """Let the theme's button for Colab lead to the copy whose first cell installs segkit."""
    for group in context.get("header_buttons", []):
        for button in group.get("buttons", []):
            if button.get("text") == "Colab":
                button["url"] = launch.on_colab(f"{page}.ipynb")


def add_languages(app, page, template, context, doctree):
    """Let a page know itself in the other languages; a page that is English alone leads to their first pages."""
    translated = page.startswith("notebooks/") or page in ("index", "search")
    up = "../" * (page.count("/") + (not english))
    context["segkit_languages"] = [
        {"code": code.replace("_", "-"), "name": name, "here": code == language, "same": translated,
         "href": f"{up}{'' if code == 'en' else code + '/'}{page if translated or code == language else 'index'}.html"}
        for code, name in SITE["names"].items()]


def setup(app):
    """Sphinx calls this. The theme makes its buttons at 501."""
    app.connect("html-page-context", add_languages)
    app.connect("html-page-context", to_the_copies, priority=600)
