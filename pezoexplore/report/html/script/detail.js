// Details of one design: a panel on a click, a tooltip under the pointer.

function pin(row) {
  table.pinned = row;
  const panel = $("detail"), list = panel.querySelector("table");
  panel.hidden = row === null;
  drawBody();
  if (row === null) return;
  panel.querySelector("h2").textContent = data.labels[row] + (data.front[row] ? " (on the front)" : "");
  list.replaceChildren();
  for (const column of data.columns) {
    if (column.cells[row] === null) continue;
    const line = element(list, "tr", undefined, {title: column.help});
    element(line, "th", column.name.replaceAll("_", " "));
    element(line, "td", words(column.name, row));
  }
  const curve = data.curves[row];
  $("curve").hidden = !curve;
  if (curve) Plotly.react($("curve"), [{type: "scatter", mode: "lines+markers", marker: {size: 4}, line: {color: colour(row)},
    x: curve.map((look) => look[0]), y: curve.map((look) => look[1]),
    error_y: {type: "data", array: curve.map((look) => look[2]), thickness: 1, width: 0}}],
  themed({height: 210, xaxis: {title: {text: "step"}}, yaxis: {title: {text: "validation accuracy (%)"}}}),
  {...CONFIG, displayModeBar: false});
}

const mouse = {x: 0, y: 0};
function showTip(row) {
  const tip = $("tip"), grid = document.createElement("div");
  tip.replaceChildren();
  element(tip, "b", data.labels[row] + (data.front[row] ? " · on the front" : ""));
  const skipped = new Set(["point_id", "status", "pareto", "rtl_sha256", "accuracy_per_seed", "yosys_version"]);
  for (const column of data.columns) {
    if (column.cells[row] === null || skipped.has(column.name) || column.name.endsWith("_ci95")) continue;
    element(grid, "i", column.name.replaceAll("_", " "));
    element(grid, "span", words(column.name, row));
  }
  tip.append(grid);
  tip.hidden = false;
  const box = tip.getBoundingClientRect(), right = mouse.x + 18, below = mouse.y + 14;
  tip.style.left = `${right + box.width > innerWidth ? Math.max(4, mouse.x - box.width - 18) : right}px`;
  tip.style.top = `${Math.max(4, Math.min(below, innerHeight - box.height - 8))}px`;
}
