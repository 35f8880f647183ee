// The figures outside the selection, and the entry point.

function missing(id, text) {
  $(id).replaceChildren();
  element($(id), "p", text, {className: "lead"});
}

function drawKey() {
  const marks = {circle: "M-5,0a5,5 0 1,0 10,0a5,5 0 1,0 -10,0", square: "M-5,-5h10v10h-10Z", "triangle-up": "M-5.5,4.5L0,-5.5L5.5,4.5Z",
    diamond: "M0,-6.5L6.5,0L0,6.5L-6.5,0Z"};
  const entry = (text, path, fill, stroke) => {
    const box = element($("key"), "span"), svg = box.appendChild(document.createElementNS("http://www.w3.org/2000/svg", "svg"));
    svg.setAttribute("viewBox", "-7 -7 14 14");
    const shape = svg.appendChild(document.createElementNS("http://www.w3.org/2000/svg", "path"));
    for (const [name, value] of Object.entries({d: path, fill, stroke, "stroke-width": 1.5})) shape.setAttribute(name, value);
    box.append(text);
  };
  for (const rng of palette) if (data.rng.includes(rng)) entry(rng, marks.circle, data.colours[rng], "none");
  for (const [reuse, symbol] of Object.entries(data.symbols)) if (data.reuse.includes(reuse)) entry(`reuse ${reuse}`, marks[symbol], "none", "#666");
  entry("large, edged: on the front of all objectives", marks.circle, "#bbb", INK);
  entry("line: front of the two axes shown", "M-7,4H0V-4H7", "none", "#777");
  if (drawn.length < count) element($("key"), "span", `${drawn.length.toLocaleString("en")} of ${count.toLocaleString("en")} designs drawn: the front, and others evenly; the table has all`);
}

function fillSelects() {
  const usual = [...data.minimize, ...data.maximize, ...numbers];
  const names = [...new Set(usual)].filter((name) => numbers.includes(name) || data.minimize.includes(name));
  const first = {x: data.minimize[0] || names[0], y: data.maximize[0] || names[1], z: data.minimize[1] || data.minimize[0] || names[0]};
  for (const id of ["x", "y", "z"]) {
    for (const name of names.filter((known) => columns.has(known))) element($(id), "option", columns.get(name).title, {value: name});
    $(id).value = first[id];
  }
  $("log").checked = wide($("x").value, everyone.filter((row) => data.ok[row]));
}

function drawStream() {
  const stream = data.streams[Number($("stream").value)];
  $("sampled").textContent = stream.note;
  draw("health", stream.figure);
}

function drawRest() {
  const told = {curves: ["curves", "No learning curves: the store of this run has none."],
    span: ["span", "Span and dimension are not known for this run."],
    parts: ["resources", "No resources were counted."]};
  for (const [id, [name, text]] of Object.entries(told)) data.figures[name] ? draw(id, data.figures[name]) : missing(id, text);
  $("sizes").hidden = !data.figures.scale;
  if (data.figures.scale) draw("scale", data.figures.scale);
  data.streams.forEach((stream, index) => element($("stream"), "option", stream.name, {value: index}));
  $("stream").addEventListener("change", drawStream);
  data.streams.length ? drawStream() : missing("health", "No stream to show.");
  if (!data.sensitivity.length) missing("shares", "Too few finished designs, or too little varies.");
  data.sensitivity.forEach((figure, index) => {
    element($("shares"), "div", undefined, {id: `share${index}`, className: "plot"});
    draw(`share${index}`, figure);
  });
}

if (everyone.some((row) => data.ok[row]) && numbers.length > 1) {
  fillSelects();
  drawKey();
  chooseColumns();
  sortRows();
  drawBody();
  Promise.all([drawPlane(), drawCube(), drawLines()]).then(() => {
    listen();
    drawRest();
    document.body.dataset.ready = "yes";
  });
} else {
  for (const id of ["plane", "lines"]) missing(id, "No finished designs to show.");
  chooseColumns();
  sortRows();
  drawBody();
  drawRest();
  document.body.dataset.ready = "yes";
}
