"""Captures of the simulator by other programs: a HAR file of a browser, and a WARC file of warcio."""

import base64
import datetime
import json
import urllib.request

from browsers import browser

FETCH = """
const [path, key, done] = arguments;
fetch(path, {headers: {Authorization: 'Bearer ' + key, Cookie: 'x=1'}}).then(it => it.text()).then(done, done);
"""


def har(remote, paths):
    """Opens a page of the remote, lets it call these paths, and returns what the browser recorded as HAR 1.2."""
    driver = browser(recorded=True)
    try:
        driver.execute_cdp_cmd("Network.enable", {"maxTotalBufferSize": 100_000_000})
        driver.get(remote.url + "/sim/account")
        for path in paths:
            driver.execute_async_script(FETCH, path, remote.key)
        events = [json.loads(line["message"])["message"] for line in driver.get_log("performance")]
        return {"log": {"version": "1.2", "creator": {"name": "test", "version": "1"}, "entries": entries(driver, events)}}
    finally:
        driver.quit()


def entries(driver, events):
    sent, found = {}, []
    for event in events:
        parameters = event["params"]
        if event["method"] == "Network.requestWillBeSent":
            sent[parameters["requestId"]] = parameters
        if event["method"] == "Network.responseReceived" and parameters["requestId"] in sent:
            found.append(entry(driver, sent[parameters["requestId"]], parameters))
    return found


def entry(driver, request, response):
    body = driver.execute_cdp_cmd("Network.getResponseBody", {"requestId": response["requestId"]})
    text = body["body"]
    encoding = {}
    # The form that browsers use for bodies that are no text.
    if body["base64Encoded"] or request["request"]["url"].endswith("follow"):
        encoding, text = {"encoding": "base64"}, text if body["base64Encoded"] else base64.b64encode(text.encode()).decode()
    started = datetime.datetime.fromtimestamp(request["wallTime"], datetime.UTC)
    answer = response["response"]
    headers = [{"name": name, "value": value} for name, value in request["request"]["headers"].items()]
    return {
        "startedDateTime": started.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "time": 1,
        "request": {"method": request["request"]["method"], "url": request["request"]["url"], "headers": headers},
        "response": {
            "status": answer["status"],
            "headers": [{"name": name, "value": value} for name, value in answer["headers"].items()],
            "content": {"size": len(body["body"]), "mimeType": answer["mimeType"], "text": text, **encoding},
        },
    }


def get(remote, path):
    """Returns the body of a call."""
    request = urllib.request.Request(remote.url + path, headers={"Authorization": f"Bearer {remote.key}"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return answer.read()


def pages(remote, path):
    """Returns the paths of all pages of a list."""
    paths = [path]
    while True:
        cursor = json.loads(get(remote, paths[-1])).get("data", {}).get("cursor")
        if not cursor:
            return paths
        paths.append(f"{path}{'&' if '?' in path else '?'}cursor={urllib.request.quote(cursor, safe='')}")
