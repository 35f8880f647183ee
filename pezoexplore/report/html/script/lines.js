// Parallel coordinates: all axes at once.

let lines = [];
const palette = Object.keys(data.colours);

function categories(name, rows) {
  const values = [...new Set(rows.map((row) => cell(name, row)))];
  const rank = (value) => (value === null ? -Infinity : value === "inf" ? Infinity : value);
  values.sort((a, b) => (typeof rank(a) === typeof rank(b) ? (rank(a) < rank(b) ? -1 : 1) : typeof a === "number" ? -1 : 1));
  return values;
}

function dimension(name, rows) {
  const column = columns.get(name), found = categories(name, rows);
  const label = plain(column.axis ? name.replaceAll("_", " ") : column.title.split(" (")[0]);
  if (column.axis && (found.length <= 14 || !column.numeric)) {
    const place = new Map(found.map((value, index) => [value, index]));
    return {name, label, values: rows.map((row) => place.get(cell(name, row))), range: [-0.25, found.length - 0.75],
      tickvals: found.map((_, index) => index), ticktext: found.map((value) => (value === null ? "–" : plain(value)))};
  }
  const values = rows.map((row) => number(name, row));
  if (!wide(name, rows)) return {name, label, values, range: padded(values)};
  const logs = values.map(Math.log10), low = Math.floor(Math.min(...logs)), high = Math.ceil(Math.max(...logs));
  const ticks = [];
  for (let power = low; power <= high; power++) for (const part of [1, 2, 5]) ticks.push(part * 10 ** power);
  const fit = ticks.filter((tick) => tick >= 0.9 * 10 ** Math.min(...logs) && tick <= 1.1 * 10 ** Math.max(...logs));
  return {name, label, values: logs, range: padded(logs), tickvals: fit.map(Math.log10), ticktext: fit.map((tick) => String(+tick.toPrecision(3)))};
}

function padded(values) {
  const low = Math.min(...values), high = Math.max(...values), room = 0.02 * (high - low) || 1;
  return [low - room, high + room];
}

function drawChosen(chosen) {
  const plot = $("lines"), pen = overlay("over", plot, chosen);
  const axes = plot.data[0].dimensions, size = plot._fullLayout._size;
  if (!chosen) return;
  const places = axes.map((axis, index) => {
    const x = size.l + (index * size.w) / Math.max(1, axes.length - 1), [low, high] = axis.range;
    return axis.values.map((value) => [x, size.t + size.h - 2 - ((value - low) / (high - low)) * (size.h - 4)]);
  });
  const few = lines.filter((row) => chosen[row]).length < 60;
  pen.lineWidth = few ? 1.4 : 1;
  pen.globalAlpha = few ? 0.9 : 0.5;
  for (const name of palette) {
    pen.strokeStyle = data.colours[name];
    pen.beginPath();
    lines.forEach((row, index) => {
      if (!chosen[row] || data.rng[row] !== name) return;
      places.forEach((axis, place) => (place ? pen.lineTo(...axis[index]) : pen.moveTo(...axis[index])));
    });
    pen.stroke();
  }
}

function drawLines() {
  const axes = data.columns.filter((c) => c.axis && c.varies).map((c) => c.name);
  const results = [...new Set([...data.minimize, ...data.maximize])].filter((name) => columns.has(name));
  const extra = ["effective_span"].filter((name) => numbers.includes(name) && !results.includes(name));
  const measured = [...extra, ...results];
  lines = drawn.filter((row) => data.ok[row] && measured.every((name) => known(name, row)));
  const differs = (name) => new Set(lines.map((row) => cell(name, row))).size > 1;
  const names = [...axes.slice(0, 12 - measured.length), ...measured], told = names.filter(differs);
  const dimensions = (told.length > 1 ? told : names).map((name) => dimension(name, lines));
  const steps = palette.map((name) => data.colours[name]);
  const scale = steps.flatMap((c, index) => [[index / steps.length, c], [(index + 1) / steps.length, c]]);
  const trace = {type: "parcoords", dimensions, labelfont: {size: 12}, tickfont: {size: 10.5}, rangefont: {size: 1, color: "#fff"},
    line: {color: lines.map((row) => palette.indexOf(data.rng[row])), colorscale: scale, cmin: -0.5, cmax: steps.length - 0.5},
    unselected: {line: {color: PALE, opacity: 0.25}}};
  return Plotly.react($("lines"), [trace], themed({height: 370, margin: {l: 92, r: 60, t: 74, b: 20}}), CONFIG);
}

function rangesOfLines() {
  const limits = [];
  for (const axis of $("lines").data[0].dimensions) {
    if (!axis.constraintrange || !axis.constraintrange.length) continue;
    const ranges = Array.isArray(axis.constraintrange[0]) ? axis.constraintrange : [axis.constraintrange];
    limits.push([axis.values, ranges]);
  }
  if (!limits.length) return null;
  const within = (index) => limits.every(([values, ranges]) =>
    ranges.some(([low, high]) => values[index] >= low && values[index] <= high));
  return new Set(lines.filter((_, index) => within(index)));
}
