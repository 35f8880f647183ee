// The 3D plot of three objectives.

let cube = {others: [], front: []};
const shades = (rows, chosen) => rows.map((row) => (chosen && !chosen[row] ? PALE : colour(row)));

function drawCube() {
  const names = [$("x").value, $("z").value, $("y").value];
  const rows = plotted().filter((row) => known($("z").value, row));
  cube = {others: rows.filter((row) => !data.front[row]), front: rows.filter((row) => data.front[row])};
  const trace = (of, size, line) => ({
    type: "scatter3d", mode: "markers", customdata: of, hoverinfo: "none", showlegend: false,
    x: of.map((row) => number(names[0], row)), y: of.map((row) => number(names[1], row)),
    z: of.map((row) => number(names[2], row)), marker: {color: shades(of), size, line, opacity: 1},
  });
  const axis = (name) => ({title: {text: plain(columns.get(name).title.split(" (")[0])}, gridcolor: "#dcdfe3",
    backgroundcolor: "#fafbfc", showbackground: true, zeroline: false,
    ...(name === names[2] ? {range: heights(rows, name).range} :
      $("log").checked && rows.every((row) => number(name, row) > 0) ? {type: "log", dtick: 1} : {})});
  const layout = themed({height: 500, margin: {l: 0, r: 0, t: 34, b: 0}, uirevision: names.join(), scene: {
    xaxis: axis(names[0]), yaxis: axis(names[1]), zaxis: axis(names[2]), aspectmode: "cube",
    camera: {eye: {x: 1.5, y: 1.5, z: 0.6}, center: {x: 0, y: 0, z: -0.12}},
  }});
  const traces = [trace(cube.others, 2.6, {width: 0}), trace(cube.front, 5.5, {width: 1, color: INK})];
  return Plotly.react($("cube"), traces, layout, CONFIG);
}
