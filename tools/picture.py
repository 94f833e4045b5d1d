"""Take the picture of a page that README.md and intro.md show, from the built book: ``make picture``."""

import io
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[1]
sys.path.append(str(ROOT / "tests" / "site"))

from chromium import EXECUTABLE, FLAGS  # noqa: E402

PAGE, SECTION = "chapters/06-truncated-bptt.html", "the-lag-that-is-not-taught"
TARGET = ROOT / "_static" / "page.png"


def main() -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=EXECUTABLE, args=FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 1060}, color_scheme="light")
        page.goto((ROOT / "_build" / "html" / PAGE).as_uri() + f"#{SECTION}")
        page.wait_for_timeout(500)  # the list of sections follows the page
        shot = Image.open(io.BytesIO(page.screenshot()))
        shot.quantize(256).save(TARGET, optimize=True)  # half the bytes, the same to the eye
        browser.close()


if __name__ == "__main__":
    main()
