// The part of a flame graph that runs in the browser: zoom, search, fitting to the window.
//
// Each frame is a <g class="f"> with its place in instructions (data-x, data-w) and its level
// (data-d); everything shown is computed from these three. Works without the script, too: the graph
// is then still.
#pragma once

namespace tiptoe::exporter {

constexpr char kFlameScript[] = R"js(
"use strict";
(function () {
  var svg = document.documentElement;
  var pad = Number(svg.dataset.pad), charWidth = Number(svg.dataset.char);
  var total = Number(svg.dataset.total) || 1;
  var frames = Array.prototype.map.call(document.querySelectorAll(".f"), function (g) {
    return {
      g: g, rect: g.querySelector("rect"), text: g.querySelector("text"),
      title: g.querySelector("title").textContent, name: g.dataset.n,
      x: Number(g.dataset.x), w: Number(g.dataset.w), d: Number(g.dataset.d)
    };
  });
  var details = document.getElementById("details"), matched = document.getElementById("matched");
  var reset = document.getElementById("reset"), clear = document.getElementById("clear");
  var focus = frames[0], pattern = null;

  // In pixels, without the scroll bar.
  svg.setAttribute("width", "100%");
  svg.removeAttribute("viewBox");
  function width() {
    return Math.max(480, svg.getBoundingClientRect().width || Number(svg.dataset.width));
  }
  function label(frame, pixels) {
    var room = Math.floor((pixels - 6) / charWidth);
    if (room < 3) return "";
    return frame.name.length <= room ? frame.name : frame.name.slice(0, room - 1) + "\u2026";
  }
  function place(frame, left, pixels, faded) {
    frame.g.style.display = "";
    frame.g.classList.toggle("above", faded);
    frame.rect.setAttribute("x", left);
    frame.rect.setAttribute("width", Math.max(pixels - 0.6, 0.4));
    frame.text.setAttribute("x", left + 3);
    frame.text.textContent = label(frame, pixels);
  }
  function layout() {
    var all = width(), inner = all - 2 * pad, scale = inner / focus.w;
    Array.prototype.forEach.call(document.querySelectorAll("[data-right]"), function (node) {
      node.setAttribute("x", all - Number(node.dataset.right));
    });
    frames.forEach(function (frame) {
      var end = frame.x + frame.w, focusEnd = focus.x + focus.w;
      var around = frame.d < focus.d && frame.x <= focus.x && end >= focusEnd;
      var inside = frame.d >= focus.d && frame.x >= focus.x && end <= focusEnd;
      if (around) place(frame, pad, inner, true);
      else if (inside && frame.w * scale >= 0.3) {
        place(frame, pad + (frame.x - focus.x) * scale, frame.w * scale, false);
      } else frame.g.style.display = "none";
    });
    reset.style.display = focus === frames[0] ? "none" : "";
  }
  function zoom(frame) { focus = frame; layout(); }

  // The share of all instructions under matching boxes, nested matches counted once.
  function mark() {
    var covered = 0, until = -1;
    frames.forEach(function (frame) {
      var hit = pattern !== null && pattern.test(frame.title.split("\n")[0]);
      frame.g.classList.toggle("hit", hit);
      if (hit && frame.x >= until) { covered += frame.w; until = frame.x + frame.w; }
    });
    matched.textContent =
        pattern === null ? "" : "matched: " + (100 * covered / total).toFixed(1) + "%";
    clear.style.display = pattern === null ? "none" : "";
  }
  function search() {
    var text = window.prompt("Show functions that match this regular expression:",
                             pattern === null ? "" : pattern.source);
    if (text === null) return;
    try { pattern = text === "" ? null : new RegExp(text); }
    catch (error) { details.textContent = String(error.message); return; }
    mark();
  }
  function forget() { pattern = null; mark(); }

  frames.forEach(function (frame) {
    frame.g.addEventListener("click", function () { zoom(frame); });
    frame.g.addEventListener("mouseenter", function () {
      details.textContent = frame.title.replace(/\n/g, "   ");
    });
    frame.g.addEventListener("mouseleave", function () { details.textContent = ""; });
  });
  reset.addEventListener("click", function () { zoom(frames[0]); });
  clear.addEventListener("click", forget);
  document.getElementById("search").addEventListener("click", search);
  window.addEventListener("resize", layout);
  window.addEventListener("keydown", function (event) {
    if ((event.ctrlKey || event.metaKey) && event.key === "f") { event.preventDefault(); search(); }
    if (event.key === "Escape") { if (pattern !== null) forget(); else zoom(frames[0]); }
  });
  // FILE.svg#search=REGEX opens with that search, so a view can be sent to someone.
  var wanted = /[#&]search=([^&]*)/.exec(window.location.hash);
  if (wanted) { try { pattern = new RegExp(decodeURIComponent(wanted[1])); } catch (error) {} }
  wanted = /[#&]zoom=([^&]*)/.exec(window.location.hash);
  if (wanted) {
    var name = decodeURIComponent(wanted[1]);
    focus = frames.find(function (frame) { return frame.name === name; }) || frames[0];
  }
  document.getElementById("controls").style.display = "";
  mark();
  layout();
})();
)js";

}  // namespace tiptoe::exporter
