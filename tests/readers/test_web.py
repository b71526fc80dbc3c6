"""The pages of the daemon, as people see them in Chromium."""

import http.client
import http.server
import re
import threading
import unittest

from selenium.common.exceptions import NoSuchElementException, StaleElementReferenceException
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

import colors
from browsers import browser, complaints, log_in, texts
from daemons import Daemon, Refuser, Simulator, wait

PAGES = ["/", "/jobs", "/jobs/1", "/seeds", "/spend", "/coverage"]
MARKUP = ["<script>window.ran = 1</script>", "<img src=x onerror=window.ran=1>"]
FOCUSABLE = "a[href], button, select, summary, input:not([type=hidden])"


def cookie_of(daemon):
    """Returns the cookie of a login, as a browser sends it."""
    answer = daemon.get(f"/login?token={daemon.token()}")
    return answer.getheader("set-cookie").split(";")[0]


def without_numbers(sentence):
    """Units are numbers too: 59 s become 1 min."""
    return re.sub(r"\$?[\d.,]+( (s|min|h|d)\b)?", "#", sentence)


class Case(unittest.TestCase):
    """A daemon and a browser that is logged in, for all tests of a class."""

    @classmethod
    def begin(cls, remote, *options, **settings):
        cls.addClassCleanup(remote.stop)
        cls.daemon = Daemon(remote, **settings)
        cls.addClassCleanup(cls.daemon.remove)
        cls.daemon.start()
        cls.driver = browser(*options)
        cls.addClassCleanup(cls.driver.quit)
        log_in(cls.driver, cls.daemon)

    def open(self, path, driver=None):
        (driver or self.driver).get(self.daemon.home.rstrip("/") + path)

    def one(self, selector, driver=None):
        return (driver or self.driver).find_element("css selector", selector)

    def text(self, selector, driver=None):
        """Returns what an element says now; nothing while a page is being replaced by another."""
        try:
            return self.one(selector, driver).text
        except (NoSuchElementException, StaleElementReferenceException):
            return ""

    def until_other(self, selector, what, driver=None):
        """Waits until an element says something else."""
        before = self.one(selector, driver).text
        wait(lambda: self.text(selector, driver) not in ("", before), what)

    def press(self, text, driver=None):
        [button] = [it for it in (driver or self.driver).find_elements("tag name", "button") if it.text == text]
        button.click()

    def script(self, text, *arguments):
        return self.driver.execute_script(text, *arguments)

    def shows(self, text, selector="body", driver=None):
        """Waits until the page says something."""
        wait(lambda: text in self.text(selector, driver), f"{selector} says {text!r}")


class Working(Case):
    @classmethod
    def setUpClass(cls):
        seeds = "feed = true\nleaderboard = true"
        slow = {"requests_per_second": 4, "endpoint_requests_per_second": 4}
        cls.begin(Simulator().start(), seeds=seeds, limits=slow, web="control = true", budget="total_usd = 500")
        wait(lambda: cls.daemon.state() == "working", "it works")

    def test_the_login_leaves_no_token_in_the_address_and_none_that_scripts_can_read(self):
        log_in(self.driver, self.daemon)
        self.assertEqual(self.driver.current_url, self.daemon.home)
        [cookie] = self.driver.get_cookies()
        self.assertEqual((cookie["httpOnly"], cookie["sameSite"], cookie["path"]), (True, "Strict", "/"))
        self.assertEqual(cookie["name"], f"soracrawl_{self.daemon.port}")
        self.assertNotIn(self.daemon.token(), cookie["value"])
        self.assertEqual(self.script("return document.cookie"), "")
        self.assertNotIn(cookie["value"], self.driver.page_source)

    def test_the_heading_of_every_page_is_the_sentence_of_status(self):
        for path in PAGES:
            self.open(path)
            [heading] = self.driver.find_elements("tag name", "h1")

            def is_same():
                self.driver.refresh()
                shown = self.one("h1").text
                return without_numbers(shown) == without_numbers(self.daemon.sentence())

            wait(is_same, f"the heading of {path} is the sentence")
            self.assertTrue(self.driver.title.endswith(" · soracrawl"), self.driver.title)

    def test_no_page_has_a_complaint_in_the_console(self):
        for path in PAGES:
            self.open(path)
            self.script("window.updates = 0; new MutationObserver(() => window.updates++).observe("
                        "document.body, {subtree: true, childList: true, characterData: true, attributes: true})")
            wait(lambda: self.script("return window.updates"), f"{path} updates itself")
            self.assertEqual(complaints(self.driver), [], path)

    def test_numbers_change_without_a_reload_and_keep_the_focus(self):
        self.open("/")
        self.script("window.mark = 1; document.querySelector('details').open = true;"
                    "document.querySelector('select').focus()")
        self.until_other("#charged-total", "the money changes")
        state = "return [window.mark, document.querySelector('details').open, document.activeElement.tagName]"
        self.assertEqual(self.script(state), [1, True, "SELECT"])

    def test_an_attribute_that_is_gone_is_removed_but_details_stay_open(self):
        self.open("/")
        self.script("document.querySelector('h2').className = 'old'; document.querySelector('details').open = true")
        wait(lambda: self.script("return !document.querySelector('h2').hasAttribute('class')"), "the class is removed")
        self.assertTrue(self.script("return document.querySelector('details').open"))

    def test_a_seed_is_paused_resumed_and_removed_by_buttons(self):
        self.daemon.command("seed", "searches", MARKUP[0])
        [(seed,)] = self.daemon.ask("select id from seeds where kind = 'search'")
        row = f"#seed-{seed}"
        self.open("/seeds")
        self.shows(MARKUP[0], row)
        last = "select command, asked_by, succeeded from controls order by id desc limit 1"
        for command, text in [("pause", "paused since"), ("resume", "active")]:
            self.one(f"{row} button[value={command}]").click()
            self.shows(text, row)
            self.assertEqual(self.driver.current_url, f"{self.daemon.home}seeds")
            self.assertEqual(self.daemon.ask(last), [(command, "web", 1)])
        remove = self.one(f"{row} button[value=remove]")
        self.assertFalse(remove.is_displayed(), "it takes two presses")
        self.one(f"{row} summary").click()
        remove.click()
        wait(lambda: not self.driver.find_elements("css selector", row), "the seed is gone")
        self.assertEqual(self.daemon.ask(last), [("remove_seed", "web", 1)])
        self.assertEqual(complaints(self.driver), [])

    def test_a_refused_press_is_a_page_with_the_reason_and_a_way_back(self):
        [(seed,)] = self.daemon.ask("select id from seeds where kind = 'feed'")
        self.open("/seeds")
        self.one(f"#seed-{seed} summary").click()
        self.one(f"#seed-{seed} button[value=remove]").click()
        self.shows("remove it there first", "main")
        self.assertEqual(self.driver.title, "Refused · soracrawl")
        self.assertEqual(colors.faint(self.driver), [])
        self.one("main a").click()
        self.shows("Seeds, oldest first", "main")
        self.assertEqual(self.driver.current_url, f"{self.daemon.home}seeds")
        self.assertTrue(self.driver.find_elements("css selector", f"#seed-{seed}"))
        # Chromium reports the status of the page that was refused.
        self.assertEqual([line for line in complaints(self.driver) if "409" not in line], [])

    def test_everything_works_without_scripts(self):
        driver = browser(scripts=False)
        self.addCleanup(driver.quit)
        driver.get("data:text/html,<script>document.write('on')</script><noscript>off</noscript>")
        self.assertEqual(self.one("body", driver).text, "off")
        log_in(driver, self.daemon)
        for path in PAGES:
            self.open(path, driver)
            self.assertTrue(self.one("h1", driver).text)
        self.open("/", driver)
        self.until_other("#charged-total", "the page refreshes itself", driver)
        self.press("Pause all calls", driver)
        self.shows("paused", "h1", driver)
        self.press("Resume everything", driver)
        self.shows("working", "h1", driver)
        [(seed,)] = self.daemon.ask("select id from seeds where kind = 'leaderboard'")
        for command, text in [("pause", "paused since"), ("resume", "active")]:
            self.open("/seeds", driver)
            self.one(f"#seed-{seed} button[value={command}]", driver).click()
            self.shows(text, f"#seed-{seed}", driver)
        self.one(f"#seed-{seed} summary", driver).click()
        self.one(f"#seed-{seed} button[value=remove]", driver).click()
        self.shows("remove it there first", "main", driver)

    def test_a_press_is_a_request_that_the_daemon_carries_out(self):
        self.open("/")
        self.press("Pause all calls")
        self.shows("paused by operator", "h1")
        self.assertEqual(self.daemon.state(), "paused")
        last = "select command, asked_by, succeeded from controls order by id desc limit 1"
        self.assertEqual(self.daemon.ask(last), [("pause", "web", 1)])
        self.open("/jobs?state=ready")
        [number, *_] = texts(self.driver, "tbody a")
        self.open(f"/jobs/{number}")
        self.press("Cancel this job")
        cancelled = "select state, stop_reason from jobs where id = ?"
        wait(lambda: self.daemon.ask(cancelled, number) == [("stopped", "cancelled")], "the job is cancelled")
        self.assertEqual(self.daemon.ask(last), [("cancel", "web", 1)])
        self.open("/")
        self.press("Resume everything")
        # The buttons follow the state without a reload.
        wait(lambda: "Pause all calls" in self.text("main"), "it can be paused again")
        wait(lambda: self.daemon.state() == "working", "it works again")
        self.assertEqual(self.daemon.ask(last), [("resume", "web", 1)])

    def test_the_keyboard_reaches_every_control(self):
        for path in ["/", "/seeds", "/spend"]:
            self.open(path)
            self.script("document.querySelectorAll('details').forEach(it => it.open = true)")
            reached, first, name = [], None, ""
            for _ in range(200):
                ActionChains(self.driver).send_keys(Keys.TAB).perform()
                found = self.driver.switch_to.active_element
                if found.tag_name == "body" or found == first:
                    break
                first, name = first or found, name or found.text
                reached.append(found.id)
                outline = found.value_of_css_property("outline-style")
                self.assertNotEqual(outline, "none", found.get_attribute("outerHTML"))
            self.assertEqual(name, "Skip to the content")
            wanted = self.driver.find_elements("css selector", FOCUSABLE)
            self.assertEqual([it.text for it in wanted if it.id not in reached], [], path)
        self.open("/")
        ActionChains(self.driver).send_keys(Keys.TAB).perform()
        skip = self.driver.switch_to.active_element
        self.assertGreaterEqual(skip.rect["x"], 0, "the focused link is visible")
        skip.send_keys(Keys.ENTER)
        self.assertTrue(self.driver.current_url.endswith("#main"))

    def test_every_field_has_a_label_and_every_picture_a_name(self):
        for path in ["/", "/jobs"]:
            self.open(path)
            labels = "return [...document.querySelectorAll('select, input:not([type=hidden])')].map(it => it.labels.length)"
            found = self.script(labels)
            self.assertTrue(found and all(count == 1 for count in found), (path, found))
        self.open("/")
        charts = self.driver.find_elements("css selector", "svg")
        self.assertEqual([it.aria_role for it in charts], ["image", "image"])
        self.assertEqual([it.accessible_name for it in charts], ["Pages per hour", "Dollars per hour"])
        for bars in ["svg.pages rect", "svg.dollars rect"]:
            self.assertTrue(self.driver.find_elements("css selector", bars), bars)
        self.assertEqual(self.one("#spoken").aria_role, "status")

    def test_text_has_contrast_in_both_schemes(self):
        for scheme in ["light", "dark"]:
            media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
            self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
            for path in PAGES:
                self.open(path)
                self.assertEqual(colors.faint(self.driver), [], (scheme, path))
            self.open("/")
            for state in ["working", "waiting", "stalled", "new"]:
                self.script("document.querySelector('h1').dataset.state = arguments[0]", state)
                self.assertEqual(colors.faint(self.driver), [], (scheme, state))

    def test_a_narrow_window_is_not_scrolled_sideways(self):
        narrow = {"width": 375, "height": 800, "deviceScaleFactor": 1, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", narrow)
        self.addCleanup(self.driver.execute_cdp_cmd, "Emulation.clearDeviceMetricsOverride", {})
        for path in PAGES:
            self.open(path)
            root = "const it = document.documentElement; return it.scrollWidth - it.clientWidth"
            self.assertEqual(self.script(root), 0, path)


class Hostile(Case):
    """What the remote says, and what people ask for, is text."""

    @classmethod
    def setUpClass(cls):
        remote = Refuser(500, " ".join(MARKUP))
        cls.begin(remote, seeds=f'searches = ["{MARKUP[1]}"]', alerts="stalled_after_seconds = 2")
        cls.daemon.command("seed", "searches", MARKUP[0])
        wait(lambda: cls.daemon.ask("select 1 from calls where error like '%<script>%'"), "the remote refuses")

    def test_markup_of_the_remote_and_of_seeds_is_shown_as_text(self):
        for path in ["/", "/jobs", "/jobs/1", "/jobs/2", "/seeds", "/spend", f"/jobs?state={MARKUP[1]}"]:
            self.open(path)
            if "?" not in path:
                self.shows(MARKUP[1] if path != "/jobs/2" else MARKUP[0])
            # Also after the page has updated itself.
            self.until_other("h1", "the page updates itself")
            found = self.script("return [window.ran, document.images.length, document.scripts.length]")
            self.assertEqual(found, [None, 0, 1], path)
        self.assertEqual(complaints(self.driver), [])

    def test_a_stall_is_the_heading_of_the_page(self):
        self.open("/")
        self.shows("nothing kept for", "h1")
        self.assertEqual(self.one("h1").get_attribute("data-state"), "stalled")
        self.assertEqual(self.driver.title, "stalled · soracrawl")
        done = self.daemon.command("status", "--check", "--progress", may_fail=True)
        self.assertTrue(done.startswith("stalled: "), done)

    def test_a_script_that_got_into_a_page_would_not_run(self):
        self.open("/jobs")
        self.script("document.body.insertAdjacentHTML('beforeend', arguments[0])", MARKUP[1])
        wait(lambda: any("Content Security Policy" in line for line in complaints(self.driver)), "it is blocked")
        self.assertIsNone(self.script("return window.ran"))


class Idle(Case):
    @classmethod
    def setUpClass(cls):
        cls.begin(Simulator().start(), web="control = true")

    def test_an_empty_archive_says_what_to_do_and_follows_the_first_seed(self):
        self.open("/")
        self.shows("idle: no job is left", "h1")
        self.shows("Add seeds with soracrawl seed")
        for path in ["/jobs", "/seeds", "/spend", "/coverage"]:
            self.open(path)
            self.assertTrue(self.one("h2").text)
        self.open("/")
        self.script("window.mark = 1")
        self.daemon.command("seed", "leaderboard")
        self.shows("get_cameo_leaderboard", "main")
        self.assertEqual(self.script("return window.mark"), 1)

    def test_a_daemon_with_nothing_to_do_tells_its_pages_nothing(self):
        headers = {"cookie": cookie_of(self.daemon), "host": f"127.0.0.1:{self.daemon.port}"}
        connection = http.client.HTTPConnection("127.0.0.1", self.daemon.port, timeout=60)
        self.addCleanup(connection.close)
        connection.request("GET", "/events", headers=headers)
        answer = connection.getresponse()
        kinds = []
        while kinds[-1:] != [""]:
            line = answer.readline().decode().strip()
            if line:
                kinds.append(line.split(":")[0])
        # The first event, and then a comment that shows that the stream is alive.
        self.assertIn(kinds, [["data", ""], ["data", "data", ""]])

    def test_an_unknown_job_is_a_page_with_a_way_back(self):
        for path in ["/jobs/999999", "/jobs/x"]:
            self.open(path)
            self.one("a[href='/']")


class Strangers(Case):
    """Requests that do not come from the operator."""

    @classmethod
    def setUpClass(cls):
        rules = "--host-resolver-rules=MAP evil.example 127.0.0.1"
        cls.begin(Refuser(500, "no"), rules, web="control = true")
        cls.cookie = cookie_of(cls.daemon)

    def controls(self):
        return self.daemon.ask("select count(*) from controls")[0][0]

    def post(self, **headers):
        form = b"command=pause&scope=all"
        kind = {"content_type": "application/x-www-form-urlencoded"}
        return self.daemon.send("POST", "/control", kind | headers, form).status

    def test_a_foreign_host_header_is_refused_on_every_path(self):
        port = self.daemon.port
        foreign = ["evil.example", f"evil.example:{port}", f"127.0.0.1.evil.example:{port}", f"127.0.0.1:{port + 1}",
                   f"localhost.evil.example:{port}", "169.254.169.254", f"0.0.0.0:{port}", "", f"[::]:{port}"]
        for path in [*PAGES, "/metrics", "/healthz", "/readyz", "/events", f"/login?token={self.daemon.token()}"]:
            for host in foreign:
                answer = self.daemon.get(path, host=host, cookie=self.cookie)
                self.assertEqual(answer.status, 421, (path.split("?")[0], host))
                self.assertIsNone(answer.getheader("set-cookie"))
        for host in [f"127.0.0.1:{port}", f"localhost:{port}", f"[::1]:{port}"]:
            self.assertEqual(self.daemon.get("/", host=host, cookie=self.cookie).status, 200, host)

    def test_a_page_needs_the_token_and_health_does_not(self):
        for path in [*PAGES, "/events", "/style.css", "/nothing"]:
            self.assertEqual(self.daemon.get(path).status, 401, path)
            name, value = self.cookie.split("=")
            for wrong in [f"{name}={'0' * 64}", f"{name}={self.daemon.token()}", f"soracrawl={value}"]:
                self.assertEqual(self.daemon.get(path, cookie=wrong).status, 401, (path, wrong))
        self.assertEqual(self.daemon.get("/login?token=" + "0" * 64).status, 401)
        for path in ["/healthz", "/readyz"]:
            self.assertEqual(self.daemon.get(path).status, 200, path)

    def test_a_request_of_another_site_changes_nothing(self):
        before, own = self.controls(), self.daemon.home.rstrip("/")
        for site in ["cross-site", "same-site", "none"]:
            self.assertEqual(self.post(sec_fetch_site=site, cookie=self.cookie), 403, site)
        for origin in ["http://evil.example", "null", "http://127.0.0.1", f"{own}.evil.example"]:
            self.assertEqual(self.post(origin=origin, cookie=self.cookie), 403, origin)
        self.assertEqual(self.post(cookie=self.cookie), 403)
        self.assertEqual(self.post(sec_fetch_site="same-origin"), 401)
        self.assertEqual(self.controls(), before)
        passed = [
            self.post(sec_fetch_site="same-origin", cookie=self.cookie),
            self.post(origin=own, cookie=self.cookie),
            self.post(authorization=f"Bearer {self.daemon.token()}"),
        ]
        # What is paused cannot be paused again.
        self.assertEqual(passed, [303, 409, 409])
        self.assertEqual(self.controls(), before + 3)

    def test_a_form_on_another_page_is_refused_in_a_browser(self):
        page = (f'<form method="post" action="{self.daemon.home}control"><input name="command" value="pause">'
                '<input name="scope" value="all"></form><script>document.forms[0].submit()</script>').encode()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.send_header("content-type", "text/html")
                self.end_headers()
                self.wfile.write(page)

            def log_message(self, *_):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        before = self.controls()
        # The cookie comes along from another port of this machine: ports are no part of a site.
        for host in ["127.0.0.1", "evil.example"]:
            self.driver.get(f"http://{host}:{server.server_port}/")
            self.shows("this request comes from another site")
        self.assertEqual(self.controls(), before)

    def test_a_name_that_was_rebound_to_this_machine_shows_nothing(self):
        for path in ["", "metrics", "healthz", "events"]:
            self.driver.get(f"http://evil.example:{self.daemon.port}/{path}")
            self.shows("this name is not ours")
            self.assertNotIn("idle", self.driver.page_source)


class ShowOnly(Case):
    @classmethod
    def setUpClass(cls):
        cls.begin(Refuser(500, "no"), seeds="feed = true")

    def test_without_control_there_is_no_button_and_a_press_is_refused(self):
        for path in ["/", "/jobs/1", "/seeds"]:
            self.open(path)
            self.assertEqual(texts(self.driver, "form, button"), [], path)
        headers = {"sec-fetch-site": "same-origin", "cookie": cookie_of(self.daemon)}
        answer = self.daemon.send("POST", "/control", headers, b"command=pause&scope=all")
        self.assertEqual(answer.status, 403)
        self.assertIn("web.control", answer.text)
        self.assertEqual(self.daemon.ask("select count(*) from controls"), [(0,)])

    def test_open_pages_do_not_delay_the_end_and_then_say_that_nobody_answers(self):
        self.open("/")
        # The page has an open stream as soon as it has updated itself.
        self.until_other("h1", "the page updates itself")
        self.daemon.process.terminate()
        self.assertEqual(self.daemon.process.wait(5), 0)
        self.shows("no answer", "h1")
        self.assertEqual(self.one("h1").get_attribute("data-state"), "gone")
        self.assertEqual(self.driver.title, "no answer · soracrawl")
        self.daemon.start()
        wait(lambda: "no answer" not in (self.text("h1") or "no answer"), "the page goes on")


if __name__ == "__main__":
    unittest.main()
