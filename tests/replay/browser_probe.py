"""What a page says of itself, once it is laid out: a script for it."""

PROBE = """
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
  const stop = Array.from(figure.querySelectorAll(".pt[tabindex='0']")).filter(seen)[0];
  stop.focus();
  const readout = figure.querySelector(".readout").textContent;
  stop.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowLeft", bubbles: true }));
  parent.postMessage(JSON.stringify({
    width: innerWidth, scroll: document.documentElement.scrollWidth, small: small, charts: charts.length,
    hidden_words: doubled, overlap: overlap, outside: outside, focused: document.activeElement !== document.body,
    readout: readout, moved: figure.querySelector(".readout").textContent,
    dark: getComputedStyle(document.body).backgroundColor !== "rgb(255, 255, 255)"
  }), "*");
});
"""
