"""Headless Chromium, as a person would use it."""

import shutil

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

import daemons

# Without a sandbox, because tests may run as root, which Chromium refuses otherwise.
OPTIONS = ["--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--window-size=1200,900", "--no-first-run"]


def browser(*options, scripts=True, recorded=False):
    """Starts a browser. It asks nobody but loopback. `recorded`: its log has the events of its network."""
    settings = Options()
    settings.binary_location = shutil.which("chromium")
    for option in [*OPTIONS, "--disable-background-networking", "--disable-component-update", *options]:
        settings.add_argument(option)
    if not scripts:
        settings.add_experimental_option("prefs", {"profile.managed_default_content_settings.javascript": 2})
    logs = {"browser": "ALL"} | ({"performance": "ALL"} if recorded else {})
    settings.set_capability("goog:loggingPrefs", logs)
    driver = webdriver.Chrome(options=settings, service=Service(shutil.which("chromedriver")))
    driver.set_page_load_timeout(daemons.PATIENCE)
    return driver


def log_in(driver, daemon):
    """Opens the pages by the address of `soracrawl web-url`."""
    driver.get(daemon.web_url())


def complaints(driver):
    """Returns what the console says since the last question."""
    return [entry["message"] for entry in driver.get_log("browser") if entry["level"] in ("WARNING", "SEVERE")]


def texts(driver, selector):
    return [found.text for found in driver.find_elements("css selector", selector)]
