"use strict";

// What the scripts of all pages use.

const SVG = "http://www.w3.org/2000/svg";

const $ = selector => document.querySelector(selector);
const clamp = (x, low, high) => Math.min(Math.max(x, low), high);

// Paper is light whatever the screen is, and its sheet is not as wide. Calls `before` when the page is about to be printed
// and `after` when that is done.
function whenPrinted(before, after = before) {
  addEventListener("beforeprint", before);
  addEventListener("afterprint", after);
}

whenPrinted(() => document.documentElement.classList.add("paper"), () => document.documentElement.classList.remove("paper"));

// A text with what stands in braces filled in.
const filled = (text, parts) => text.replace(/\{(\w+)\}/g, (whole, name) => parts[name]);

// An element of HTML with its properties.
const make = (tag, properties = {}) => Object.assign(document.createElement(tag), properties);

// An element of a drawing with its attributes.
function draw(tag, attributes = {}, parent = null, text = null) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (text !== null) element.textContent = text;
  if (parent) parent.append(element);
  return element;
}
