
// ── pictures of a page as files ─────────────────────────────────────────────────────────────────

const KEPT = ["fill", "stroke", "stroke-width", "stroke-dasharray", "stroke-opacity", "stroke-linejoin", "paint-order",
  "visibility", "opacity", "font-family",
  "font-size", "font-weight", "font-style", "text-anchor"];

// A drawing in the colours in which it is seen, as an element that needs no style sheet: what is seen of it, or more.
function still(svg, viewBox = svg.getAttribute("viewBox")) {
  const copy = svg.cloneNode(true), originals = svg.querySelectorAll("*"), [left, top, width, height] = viewBox.split(/\s+/);
  copy.querySelectorAll("*").forEach((element, i) => {
    const seen = getComputedStyle(originals[i]);
    for (const name of KEPT) element.setAttribute(name, seen.getPropertyValue(name));
    for (const name of ["class", "tabindex", "role", "aria-label"]) element.removeAttribute(name);
  });
  for (const name of ["class", "style", "role", "aria-label"]) copy.removeAttribute(name);
  Object.entries({ xmlns: SVG, width, height, viewBox }).forEach(([name, value]) => copy.setAttribute(name, value));
  copy.prepend(draw("rect", { x: left, y: top, width, height, fill: getComputedStyle(document.body).backgroundColor }));
  return new XMLSerializer().serializeToString(copy);
}

// A picture made of pixels: three for each of the page's, or as many as there may be.
async function pixels(text) {
  const image = new Image();
  image.src = URL.createObjectURL(new Blob([text], { type: "image/svg+xml" }));
  await image.decode();
  const scale = Math.min(3, 8000 / Math.max(image.width, image.height));
  const canvas = make("canvas", { width: Math.ceil(scale * image.width), height: Math.ceil(scale * image.height) });
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  URL.revokeObjectURL(image.src);
  return new Promise(done => canvas.toBlob(done, "image/png"));
}

async function saved(svg, kind, viewBox, title = document.title) {
  const text = still(svg, viewBox);
  download(kind === "png" ? await pixels(text) : new Blob([text], { type: "image/svg+xml" }), `${title}.${kind}`);
}

// Lets each button for a file save the drawing beside it: the layers of a network, or the page's own.
function offerFiles(own) {
  for (const button of document.querySelectorAll("[data-file]")) {
    button.addEventListener("click", () => saved(button.closest("#network")?.querySelector("#layers") ?? own(), button.dataset.file));
  }
}

// Hands a file over to the reader.
function download(file, name) {
  const link = make("a", { href: URL.createObjectURL(file), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
