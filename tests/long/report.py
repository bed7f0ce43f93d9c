# SPDX-License-Identifier: MIT
"""Opens the reports that report.cpp writes in headless Chromium: python3 report.py program scratch-folder

Holds that curves are drawn, in the page and in pixels, that figures zoom, answer to the pointer and have a log scale, that no text becomes
markup, and that nothing is an error or asks for a network."""

import html
import json
import pathlib
import re
import shutil
import struct
import subprocess
import sys
import zlib

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
# Chromium asks for these on its own account.
OWN_HOSTS = re.compile(r"//([\w.-]+\.)?(google\.com|googleapis\.com|gvt1\.com)[/:]")
LIGHT = {"page": (246, 247, 249), "training": (37, 99, 201), "validation": (217, 102, 10)}
DARK = {"page": (18, 22, 28), "training": (110, 163, 245), "validation": (245, 155, 76)}

LISTEN = """<script>
const errors = [];
addEventListener('error', e => errors.push(e.message));
addEventListener('securitypolicyviolation', e => errors.push('asked for ' + e.blockedURI));
</script>"""
# Uses the page as a reader does, and leaves what it saw as JSON.
PROBE = """<script>
addEventListener('load', () => {
  const plots = [...document.querySelectorAll('.plot')], seen = {title: document.title, plots: plots.length};
  const ticks = plot => [...plot.querySelectorAll('text')].map(e => e.textContent).join(' ');
  const curves = plot => [...plot.querySelectorAll(':scope > svg path.curve')].filter(e => e.getAttribute('d').length > 5).length;
  seen.curves = plots.map(curves);
  seen.odd = document.querySelectorAll('.odd').length;
  seen.best = document.querySelectorAll('.plot circle').length;
  seen.overflow = document.documentElement.scrollWidth - innerWidth;
  seen.table = document.getElementById('numbers')?.open;
  seen.rows = document.querySelectorAll('#numbers tr').length;
  seen.points = plots.map(p => (p.querySelector(':scope > svg path.curve').getAttribute('d').match(/[ML]/g) || []).length);
  seen.finite = !plots.some(p => /NaN|Infinity/.test(p.innerHTML));
  seen.pictures = [...document.images].map(i => i.naturalWidth);
  if (plots.length) {
    const plot = plots[0], svg = plot.querySelector(':scope > svg'), box = svg.getBoundingClientRect();
    const send = (type, at) =>
      svg.dispatchEvent(new PointerEvent(type, {clientX: box.left + at * box.width, clientY: box.top + 60, bubbles: true}));
    const plain = ticks(plot), other = ticks(plots.at(-1));
    const log = plot.querySelector('.log');
    log.click();
    seen.log = ticks(plot) !== plain;
    log.click();
    seen.linear = ticks(plot) === plain;
    send('pointermove', .6);
    seen.tip = plot.querySelector('.tip').innerText;
    seen.inside = plot.querySelector('.tip').getBoundingClientRect().right <= innerWidth;
    send('pointerleave', 1.2);
    seen.gone = plot.querySelector('.tip').hidden;
    send('pointerdown', .4);
    send('pointermove', .5);
    send('pointerup', .6);
    seen.zoomed = ticks(plot) !== plain && !plot.querySelector('.reset').hidden;
    seen.together = ticks(plots.at(-1)) !== other;
    seen.drawnZoomed = curves(plot);
    plot.querySelector('.reset').click();
    seen.reset = ticks(plot) === plain && plot.querySelector('.reset').hidden;
    svg.dispatchEvent(new WheelEvent('wheel', {deltaY: -100, ctrlKey: true, clientX: box.left + box.width / 2, cancelable: true}));
    seen.wheel = ticks(plot) !== plain;
    svg.dispatchEvent(new KeyboardEvent('keydown', {key: 'Escape'}));
    seen.escape = ticks(plot) === plain;
    svg.dispatchEvent(new KeyboardEvent('keydown', {key: 'ArrowRight'}));
    seen.keyboard = !plot.querySelector('.tip').hidden;
    plot.querySelector('.key')?.click();
    seen.hidden = curves(plot);
  }
  seen.fetched = performance.getEntriesByType('resource').map(e => e.name).filter(n => !n.startsWith('data:'));
  seen.errors = errors;
  const out = document.createElement('pre');
  out.id = 'probe';
  out.textContent = JSON.stringify(seen);
  document.body.append(out);
});
</script>"""


def fail(text):
    sys.stdout.flush()
    sys.exit(f"report.py: {text}")


def require(what, holds):
    if not holds:
        fail(f"does not hold: {what}")
    print("ok:", what)


class Browser:
    def __init__(self, scratch):
        self.scratch = scratch

    def run(self, page, *options):
        """Standard output, what the console said, and the addresses that were asked for."""
        log, profile = self.scratch / "net.json", self.scratch / "profile"
        shutil.rmtree(profile, ignore_errors=True)
        command = [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run"]
        command += ["--disable-background-networking", "--disable-component-update", "--host-resolver-rules=MAP * ~NOTFOUND"]
        command += ["--enable-logging=stderr", f"--user-data-dir={profile}", f"--log-net-log={log}", *options, page.resolve().as_uri()]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
        if done.returncode != 0:
            fail(f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr}")
        console = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
        addresses = {a for a in re.findall(r'"url":"(https?://[^"]*)"', log.read_text()) if not OWN_HOSTS.search(a)}
        return done.stdout, console, addresses

    def probe(self, page, *options):
        """Uses a page and returns what it saw."""
        copy = self.scratch / f"probe_{page.name}"
        text = page.read_text(encoding="utf-8")
        copy.write_text(text.replace("<title>", LISTEN + "<title>", 1).replace("</body>", PROBE + "</body>"), encoding="utf-8")
        dom, console, addresses = self.run(copy, "--dump-dom", "--virtual-time-budget=3000", *options)
        found = re.search(r'<pre id="probe">(.*?)</pre>', dom, re.S)
        if not found:
            fail(f"{page.name}: the probe left nothing; the page is\n{dom[-2000:]}")
        seen = json.loads(html.unescape(found[1]))
        require(f"{page.name}: nothing in the console, no error ({console}, {seen['errors']})", not console and not seen["errors"])
        require(f"{page.name}: nothing is asked of a network ({addresses}, {seen['fetched']})", not addresses and not seen["fetched"])
        return seen

    def picture(self, page, width, height, *options):
        path = self.scratch / f"{page.stem}_{width}{'_dark' if options else ''}.png"
        path.unlink(missing_ok=True)
        self.run(page, f"--screenshot={path}", f"--window-size={width},{height}", *options)
        return pixels(path.read_bytes())


def pixels(png):
    """Rows of (red, green, blue) of a PNG file of 8 bits without interlacing."""
    width, height, depth, kind, _, _, interlaced = struct.unpack(">IIBBBBB", png[16:29])
    if depth != 8 or kind not in (2, 6) or interlaced:
        fail(f"a screenshot of another kind: {depth} bits, colour type {kind}")
    channels = 3 if kind == 2 else 4
    data, at = b"", 8
    while at < len(png):
        (size,) = struct.unpack(">I", png[at : at + 4])
        if png[at + 4 : at + 8] == b"IDAT":
            data += png[at + 8 : at + 8 + size]
        at += size + 12
    data = zlib.decompress(data)
    rows, above = [], bytearray(width * channels)
    for y in range(height):
        start = y * (width * channels + 1)
        kind, row = data[start], bytearray(data[start + 1 : start + 1 + width * channels])
        for i in range(len(row)):
            left, up, corner = (row[i - channels], above[i], above[i - channels]) if i >= channels else (0, above[i], 0)
            if kind == 1:
                row[i] = (row[i] + left) & 255
            elif kind == 2:
                row[i] = (row[i] + up) & 255
            elif kind == 3:
                row[i] = (row[i] + (left + up) // 2) & 255
            elif kind == 4:
                guess = left + up - corner
                near = min((abs(guess - left), 0, left), (abs(guess - up), 1, up), (abs(guess - corner), 2, corner))
                row[i] = (row[i] + near[2]) & 255
        rows.append([tuple(row[x * channels : x * channels + 3]) for x in range(width)])
        above = row
    return rows


def check_pixels(name, rows, colours):
    width = len(rows[0])
    require(f"{name}: the page has its colour", rows[2][2] == colours["page"])
    for curve in ("training", "validation"):
        near = lambda pixel: all(abs(a - b) <= 24 for a, b in zip(pixel, colours[curve]))
        columns = {x for row in rows for x in range(width) if near(row[x])}
        require(f"{name}: the curve of {curve} goes from left to right ({len(columns)} of {width} columns)", len(columns) > 0.6 * width)


def main():
    if BROWSER is None:
        fail("expected Chromium to open the reports with, found none; apt-get install chromium")
    program, scratch = sys.argv[1], pathlib.Path(sys.argv[2])
    subprocess.run([program, scratch], check=True)
    browser = Browser(scratch)

    control = scratch / "control.html"
    control.write_text("<title>x</title><script>nothing()</script><img src='http://control.invalid/x.png'>")
    _, console, addresses = browser.run(control, "--dump-dom")
    require("a page with an error and a picture from elsewhere is noticed", console and any("control.invalid" in a for a in addresses))

    for name, plots, title in (
        ("trained", None, "Waves of 8 × 8 pixels"),
        ("runs", None, "Two runs, compared"),
        ("odd", None, "Losses that are not finite"),
        ("many", None, "10,000 epochs"),
        ("one", None, "One epoch"),
        ("none", 0, "No epoch"),
    ):
        page = scratch / f"{name}.html"
        seen = browser.probe(page, "--window-size=1200,1000")
        require(f"{name}: the title is the title", seen["title"] == title)
        require(f"{name}: no wider than the window", seen["overflow"] <= 0)
        if plots == 0:
            require(f"{name}: no figure", seen["plots"] == 0)
            continue
        require(f"{name}: {seen['plots']} figures, each with its curves {seen['curves']}", seen["plots"] >= 3 and min(seen["curves"]) >= 1)
        require(f"{name}: coordinates are numbers", seen["finite"])
        shown = re.search(r"epoch \d+\s+.*\d", seen["tip"], re.S)
        require(f"{name}: the pointer shows values: {seen['tip']!r}", shown and seen["inside"] and seen["gone"])
        require(f"{name}: the log scale comes and goes", seen["log"] and seen["linear"])
        require(f"{name}: the arrow keys show values", seen["keyboard"])
        require(f"{name}: a key hides its curve", seen["hidden"] < seen["curves"][0])
        require(f"{name}: the table is folded", seen["table"] is False and 2 < seen["rows"] <= 206)
        if name != "one":
            require(f"{name}: dragging zooms all figures", seen["zoomed"] and seen["together"] and seen["drawnZoomed"])
            require(f"{name}: the button goes back", seen["reset"])
            require(f"{name}: the wheel zooms, Escape goes back", seen["wheel"] and seen["escape"])
        require(f"{name}: {max(seen['points'])} points at most", max(seen["points"]) <= 1000)
        if name == "trained":
            require("trained: the best epoch is marked", seen["best"] == 1)
            require(f"trained: its pictures are there ({seen['pictures']})", bool(seen["pictures"]) and all(width > 100 for width in seen["pictures"]))
        if name == "odd":
            require("odd: a cross for each loss that is not finite", seen["odd"] == 2)
        narrow = browser.probe(page, "--window-size=500,900")
        require(f"{name}: fits a telephone", narrow["overflow"] <= 0 and narrow["inside"])

    trained = scratch / "trained.html"
    apart = scratch / "many.html"  # whose curves do not hide one another
    check_pixels("light", browser.picture(apart, 1000, 900), LIGHT)
    check_pixels("dark", browser.picture(apart, 1000, 900, "--blink-settings=preferredColorScheme=0"), DARK)
    check_pixels("telephone", browser.picture(apart, 500, 1400), LIGHT)

    # A page without scripts cannot be dumped, but one whose scripts are refused.
    refused = scratch / "refused.html"
    policy = "<meta http-equiv='Content-Security-Policy' content=\"script-src 'none'\">"
    refused.write_text(trained.read_text(encoding="utf-8").replace("<head>", "<head>" + policy, 1), encoding="utf-8")
    dom, _, _ = browser.run(refused, "--dump-dom")
    require("without JavaScript the table is open, and a sentence points to it",
            '<details id="numbers" open' in dom and "<noscript><p>Curves are drawn by a script" in dom and 'class="curve"' not in dom)
    size = trained.stat().st_size
    script = trained.read_text(encoding="utf-8").split("<script>")[1].split("</script>")[0]
    require(f"the script has {len(script.encode())} bytes", len(script.encode()) < 10000)
    print(f"all hold; trained.html has {size} bytes, many.html {(scratch / 'many.html').stat().st_size}")


main()
