"""How Sphinx builds the site; the language comes from the command line (``-D language=ko``)."""

import os
import pathlib
from urllib.parse import urlsplit

from sphinxcontrib import katex

from course_lib import plots
from course_tools import slides
from course_tools.site import TITLE, formulas

project, author, html_title = TITLE, "", TITLE
extensions = ["myst_nb", "sphinxext.opengraph", "sphinxcontrib.katex"]
exclude_patterns = ["_static", "jupyter_execute"]
nb_execution_mode = "off"
myst_enable_extensions = ["dollarmath", "amsmath"]
myst_heading_anchors = 3
myst_dmath_double_inline = True
suppress_warnings = ["myst.header", "mystnb.unknown_mime_type"]

html_theme = "sphinx_book_theme"
html_css_files = ["site.css"]
html_js_files = [("site.js", {"defer": "defer"})]
html_copy_source = False
html_show_sphinx = html_show_copyright = False
html_theme_options = {
    "use_download_button": False,
    "use_fullscreen_button": False,
    "show_toc_level": 1,
    "navbar_persistent": [],
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
html_favicon = str(pathlib.Path(__file__).parent / "static" / "favicon.svg")
html_context = {"default_mode": "auto"}
# Node sets the formulas once, here: a page loads a style and fonts for them, and no script.
katex_prerender = True
katex_css_path = "katex/katex.min.css"
katex_js_path = str(slides.PACKAGES / "node_modules" / "katex" / "dist" / "katex.min.js")
katex.KaTeXServer.start_server_process = formulas.reach
katex.RENDER_TIMEOUT = 60.0  # on a busy machine
templates_path = [str(pathlib.Path(__file__).parent / "templates")]

# Absolute addresses, for the cards of links and the page that is shown for a missing one.
site = os.environ.get("COURSE_SITE", "")
ogp_site_url = site
ogp_site_name = TITLE
translated = tags.has("translated")  # noqa: F821
if not translated:  # one page for every missing address
    extensions.append("notfound.extension")
font = plots.korean_font() if translated else None
ogp_social_cards = {"font": font} if font else {"enable": not translated}
notfound_urls_prefix = urlsplit(site).path or "/"


def setup(app):
    """Take a label off the folded parts that hides the words they show."""

    def name(app, page, template, context, tree):
        hides = '<summary aria-label="Toggle hidden content">'
        context["body"] = context.get("body", "").replace(hides, "<summary>")

    app.connect("html-page-context", name)
