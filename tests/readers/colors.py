"""The contrast of texts on a page, as WCAG 2 defines it."""

# Ordinary text; large text could do with 3.
LEAST = 4.5

# Returns each visible text with its color and with the first opaque color behind it.
SCRIPT = """
const found = [];
for (const it of document.querySelectorAll("body *")) {
  const text = [...it.childNodes].filter(n => n.nodeType === 3).map(n => n.data.trim()).join(" ").trim();
  if (!text || !it.getClientRects().length) continue;
  const style = getComputedStyle(it);
  let behind = it, back;
  do {
    back = getComputedStyle(behind).backgroundColor;
    behind = behind.parentElement;
  } while (behind && back === "rgba(0, 0, 0, 0)");
  found.push([text.slice(0, 40), it instanceof SVGElement ? style.fill : style.color, back]);
}
return found;
"""


def luminance(color):
    """Returns the relative luminance of a color such as `rgb(1, 2, 3)`."""
    parts = [int(part) / 255 for part in color[color.index("(") + 1 : -1].split(",")[:3]]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    low, high = sorted([luminance(one), luminance(other)])
    return (high + 0.05) / (low + 0.05)


def faint(driver):
    """Returns the texts of a page with too little contrast, each with its colors and their contrast."""
    found = driver.execute_script(SCRIPT)
    assert found, "a page without text"
    rated = [(*it, round(contrast(it[1], it[2]), 2)) for it in found]
    return [it for it in rated if it[3] < LEAST]
