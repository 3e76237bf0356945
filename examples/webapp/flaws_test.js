(() => {
  const found = [];
  const all = (selector) => [...document.querySelectorAll(selector)].filter((e) => e.checkVisibility());
  const name = (e) => `<${e.localName} ${e.id || e.name || e.innerText.slice(0, 20)}>`;

  // WCAG 2.2, 1.3.1 and 2.4.1. A live page that has ended keeps its title only.
  const ended = document.querySelector("#ended:not([hidden])");
  for (const part of ["body > header", "main", "footer", "h1"]) {
    if (all(part).length !== 1 && !(ended && part === "h1")) found.push(`${all(part).length} of ${part}`);
  }
  if (!document.documentElement.lang || !document.title) found.push("no language or no title");
  const ids = [...document.querySelectorAll("[id]")].map((e) => e.id);
  for (const id of ids) if (ids.filter((other) => other === id).length > 1) found.push(`two elements are #${id}`);
  for (const e of document.querySelectorAll("[aria-describedby], [aria-labelledby]")) {
    for (const id of `${e.getAttribute("aria-describedby") ?? ""} ${e.getAttribute("aria-labelledby") ?? ""}`.trim().split(" ")) {
      if (!ids.includes(id)) found.push(`${name(e)} names #${id}, which is not there`);
    }
  }
  for (const e of all("input")) if (!e.labels.length) found.push(`${name(e)} has no label`);
  for (const e of all("button, a")) {
    if (!(e.ariaLabel || e.innerText.trim())) found.push(`${name(e)} has no name`);
    // WCAG 2.2, 2.5.8: 24 by 24 pixels, but for links in a sentence.
    const { width, height } = e.getBoundingClientRect();
    if (e.localName === "button" && (width < 24 || height < 24)) found.push(`${name(e)} is ${width} by ${height}`);
  }

  // WCAG 2.2, 1.4.3: a contrast of 4.5 to 1.
  const channels = (color) => color.match(/[\d.]+/g).map(Number);
  const luminance = (color) => {
    const [r, g, b] = channels(color).map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (e) => {
    const color = getComputedStyle(e).backgroundColor;
    return (channels(color)[3] ?? 1) === 1 ? color : ground(e.parentElement);
  };
  for (const e of all("body *")) {
    const says = [...e.childNodes].some((n) => n.nodeType === Node.TEXT_NODE && n.data.trim()) || e.localName === "input";
    if (!says) continue;
    const [light, dark] = [luminance(getComputedStyle(e).color), luminance(ground(e))].sort((a, b) => b - a);
    const contrast = (light + 0.05) / (dark + 0.05);
    if (contrast < 4.5) found.push(`${name(e)} has a contrast of ${contrast.toFixed(2)}`);
  }
  return found;
})();
