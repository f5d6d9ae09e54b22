
// ── pictures of a page as files ─────────────────────────────────────────────────────────────────

const KEPT = ["fill", "stroke", "stroke-width", "stroke-dasharray", "stroke-opacity", "stroke-linejoin", "paint-order",
  "visibility", "opacity", "font-family",
  "font-size", "font-weight", "font-style", "text-anchor"];

// A drawing as it is seen, in colours of its own, as an element that needs no style sheet.
function still(svg) {
  const copy = svg.cloneNode(true), originals = svg.querySelectorAll("*"), [, , width, height] = svg.getAttribute("viewBox").split(/\s+/);
  copy.querySelectorAll("*").forEach((element, i) => {
    const seen = getComputedStyle(originals[i]);
    for (const name of KEPT) element.setAttribute(name, seen.getPropertyValue(name));
    for (const name of ["class", "tabindex", "role", "aria-label"]) element.removeAttribute(name);
  });
  copy.removeAttribute("class");
  Object.entries({ xmlns: SVG, width, height }).forEach(([name, value]) => copy.setAttribute(name, value));
  const [left, top] = svg.getAttribute("viewBox").split(/\s+/);
  copy.prepend(draw("rect", { x: left, y: top, width, height, fill: getComputedStyle(document.body).backgroundColor }));
  return new XMLSerializer().serializeToString(copy);
}

// A picture made of pixels, three for each of the page's.
async function pixels(text) {
  const image = new Image();
  image.src = URL.createObjectURL(new Blob([text], { type: "image/svg+xml" }));
  await image.decode();
  const canvas = make("canvas", { width: 3 * image.width, height: 3 * image.height });
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  URL.revokeObjectURL(image.src);
  return new Promise(done => canvas.toBlob(done, "image/png"));
}

async function saved(svg, kind) {
  const text = still(svg), file = kind === "png" ? await pixels(text) : new Blob([text], { type: "image/svg+xml" });
  const link = make("a", { href: URL.createObjectURL(file), download: `${document.title}.${kind}` });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
