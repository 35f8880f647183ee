// The selection is the designs that pass three filters: the brush on the 2D plot, the ranges on the
// parallel coordinates, the filters of the table. Every view shows it; only `update` redraws them.

const filters = {plane: null, lines: null, table: null};
let brush = [];         // its outline; Plotly's own selection would fire again on every change
let chosen = null;      // 1 for a selected design, else 0; null without a selection
let busy = false;       // views emit selection events while they are updated

function update() {
  const start = performance.now(), active = Object.values(filters).filter((set) => set !== null);
  const rows = everyone.filter((row) => active.every((set) => set.has(row)));
  chosen = active.length ? new Uint8Array(count) : null;
  if (chosen) for (const row of rows) chosen[row] = 1;
  $("count").textContent = chosen ? `${rows.length.toLocaleString("en")} of ${count.toLocaleString("en")} selected` : "";
  $("clear").hidden = !chosen;
  table.rows = rows;
  sortRows();
  $("table").scrollTop = 0;
  drawBody();
  drawPicked(chosen);
  drawChosen(chosen);
  busy = true;
  const done = [
    Plotly.relayout($("plane"), {selections: [], shapes: [...plane.shapes, ...brush]}),
    Plotly.restyle($("cube"), {"marker.color": [shades(cube.others, chosen), shades(cube.front, chosen)]}, [0, 1]),
  ];
  Promise.all(done).then(() => requestAnimationFrame(() => {
    busy = false;
    document.body.dataset.answerMs = (performance.now() - start).toFixed(1);
    document.body.dataset.selected = chosen ? rows.length : "";
  }));
}

function clear() {
  filters.plane = filters.lines = filters.table = null;
  brush = [];
  table.filters.clear();
  drawHead();
  Promise.all([drawPlane(), drawLines()]).then(update);
}

function redraw() {
  filters.plane = null;
  brush = [];
  Promise.all([drawPlane(), drawCube()]).then(update);
}

function brushed(event) {
  if (busy) return;
  filters.plane = event.points.length ? new Set(event.points.map((point) => point.customdata)) : null;
  brush = filters.plane ? [outline(event)] : [];
  filters.plane ? update() : drawPlane().then(update);
}

function outline(event) {
  const look = {line: {color: "#666", width: 1, dash: "dot"}, fillcolor: "rgba(0,114,178,0.05)", layer: "below"};
  if (event.range) {
    const {x, y} = event.range;
    return {...look, type: "rect", x0: x[0], x1: x[1], y0: y[0], y1: y[1]};
  }
  const {x, y} = event.lassoPoints;
  return {...look, type: "path", path: `M${x.map((across, index) => `${across},${y[index]}`).join("L")}Z`};
}

function listen() {
  $("plane").on("plotly_selected", (event) => event && brushed(event));
  $("plane").on("plotly_deselect", () => brushed({points: []}));
  for (const moved of ["plotly_relayouting", "plotly_afterplot"]) $("plane").on(moved, () => drawPicked(chosen));
  $("lines").on("plotly_restyle", (event) => {
    if (!Object.keys(event[0]).some((key) => key.startsWith("dimensions"))) return;
    filters.lines = rangesOfLines();
    update();
  });
  for (const id of ["plane", "cube"]) {
    $(id).on("plotly_hover", (event) => event.points[0].customdata !== undefined && showTip(event.points[0].customdata));
    $(id).on("plotly_unhover", () => ($("tip").hidden = true));
    $(id).on("plotly_click", (event) => pin(event.points[0].customdata));
  }
  document.addEventListener("pointermove", (event) => Object.assign(mouse, {x: event.clientX, y: event.clientY}));
  document.addEventListener("keydown", (event) => event.key === "Escape" && pin(null));
  for (const id of ["x", "y", "z", "log", "intervals"]) $(id).addEventListener("change", redraw);
  $("all").addEventListener("change", () => (chooseColumns(), drawBody()));
  $("table").addEventListener("scroll", () => requestAnimationFrame(drawBody));
  body.addEventListener("click", (event) => {
    const line = event.target.closest("tr[data-row]");
    if (line) pin(Number(line.dataset.row));
  });
  $("close").addEventListener("click", () => pin(null));
  $("clear").addEventListener("click", clear);
}
