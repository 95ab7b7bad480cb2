"""What a page says of itself, once it is laid out: a script for it."""

PROBE = """
// WCAG 2.2: 1.4.3 of every text, 1.4.11 of every shape that says something; against all that is painted below.
const DECORATION = ["grid", "band", "harm", "hit", "dot"];
function contrasts() {
  const found = { texts: 0, shapes: 0, faint: [] }, told = new Set();
  document.querySelectorAll("details").forEach(function (details) { details.open = true; });
  const colour = function (text) {
    const parts = (text.match(/[0-9.]+/g) || []).map(Number);
    return text === "none" || parts.length < 3 || parts[3] === 0 ? null : parts.slice(0, 3);
  };
  const luminance = function (parts) {
    const linear = parts.map(function (part) {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : Math.pow((share + 0.055) / 1.055, 2.4);
    });
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
  };
  const ratio = function (one, other) {
    const a = luminance(one), b = luminance(other);
    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  };
  const below = function (element) {
    for (let at = element; at; at = at.parentElement) {
      const own = colour(getComputedStyle(at).backgroundColor);
      if (own) return own;
    }
    return [255, 255, 255];
  };
  const check = function (what, drawn, ground, least) {
    const is = ratio(drawn, ground), words = what + " " + drawn + " on " + ground + ": " + is.toFixed(2);
    if (is < least && !told.has(words)) { told.add(words); found.faint.push(words); }
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !element.getClientRects().length || element.closest("svg, script, style")) continue;
    found.texts++;
    check("text of " + (element.className || element.tagName), colour(getComputedStyle(element).color), below(element), 4.5);
  }
  const meets = function (one, other) {
    return one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom;
  };
  document.querySelectorAll("svg").forEach(function (svg) {
    if (!svg.getClientRects().length) return;
    const ground = below(svg.parentElement), areas = [];
    svg.querySelectorAll("text, rect, path, circle, line").forEach(function (element) {
      const style = getComputedStyle(element), box = element.getBoundingClientRect();
      const classes = (element.getAttribute("class") || "").split(" ");
      const fill = element.tagName === "line" ? null : colour(style.fill), stroke = colour(style.stroke);
      const grounds = [ground].concat(areas.filter(function (area) { return meets(area.box, box); })
                                           .map(function (area) { return area.fill; }));
      const is_text = element.tagName === "text";
      const plain = classes.some(function (name) { return DECORATION.includes(name); });
      if (is_text) found.texts++; else if (!plain) found.shapes++;
      grounds.forEach(function (one) {
        if (is_text) check("words of " + classes, fill, one, 4.5);
        else if (!plain && (stroke || fill)) check(element.tagName + " of " + classes, stroke || fill, one, 3);
      });
      if (!is_text && fill && (classes.includes("band") || classes.includes("harm") || classes.includes("stage")))
        areas.push({ box: box, fill: fill });
    });
  });
  return found;
}
addEventListener("load", function () {
  const seen = function (element) { return element.getClientRects().length > 0; };
  const small = [], overlap = [], outside = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const parent = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !seen(parent) || parent.closest("title")) continue;
    const chart = parent.closest("svg");
    const scale = chart ? chart.getBoundingClientRect().width / chart.viewBox.baseVal.width : 1;
    const size = parseFloat(getComputedStyle(parent).fontSize) * scale;
    if (size < 10.99) small.push(size.toFixed(1) + " " + walker.currentNode.data.trim().slice(0, 30));
  }
  const charts = Array.from(document.querySelectorAll("svg.chart")).filter(seen);
  let doubled = 0;
  document.querySelectorAll("figure").forEach(function (figure) {
    const forms = Array.from(figure.querySelectorAll("svg.chart"));
    if (forms.length && forms.filter(seen).length !== 1) doubled++;
  });
  charts.forEach(function (chart) {
    const words = Array.from(chart.querySelectorAll("text")).map(function (text) {
      return { box: text.getBoundingClientRect(), text: text.textContent };
    });
    const frame = document.documentElement.clientWidth;
    words.forEach(function (one, place) {
      if (one.box.left < -0.5 || one.box.right > frame + 0.5) outside.push(one.text);
      words.slice(place + 1).forEach(function (other) {
        const wide = Math.min(one.box.right, other.box.right) - Math.max(one.box.left, other.box.left);
        const high = Math.min(one.box.bottom, other.box.bottom) - Math.max(one.box.top, other.box.top);
        if (wide > 2 && high > 5) overlap.push(one.text + " / " + other.text);
      });
    });
  });
  const figure = Array.from(document.querySelectorAll("figure")).filter(function (one) {
    return one.querySelector(".readout");
  })[0];
  const stop = figure && Array.from(figure.querySelectorAll(".pt[tabindex='0']")).filter(seen)[0];
  if (stop) stop.focus();
  const said = function () { return figure ? figure.querySelector(".readout").textContent : null; };
  const readout = said();
  if (stop) stop.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowLeft", bubbles: true }));
  const contrast = contrasts();
  parent.postMessage(JSON.stringify({
    width: innerWidth, scroll: document.documentElement.scrollWidth, small: small, charts: charts.length,
    hidden_words: doubled, texts: contrast.texts, shapes: contrast.shapes, faint: contrast.faint, overlap: overlap, outside: outside, focused: document.activeElement !== document.body,
    readout: readout, moved: said(),
    dark: getComputedStyle(document.body).backgroundColor !== "rgb(255, 255, 255)"
  }), "*");
});
"""
