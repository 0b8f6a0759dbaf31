// Marks and names above the picture of the explorer.
//
// They are a layer of their own: plotly would draw all points again for each search, which without
// a graphics card takes longer than everything else. The layer follows what plotly shows. It reads
// three things that plotly does not document: the axes of the plane, and in space the camera and
// the scale of the scene, as plotly does for its own annotations.

const SVG = "http://www.w3.org/2000/svg";

// Where a point of the data is in the plot, in pixels; null if it is not in view.
function inPlane(layout, [x, y]) {
  const { xaxis, yaxis } = layout;
  const [left, top] = [xaxis.l2p(x), yaxis.l2p(y)];
  const inside = left >= 0 && left <= xaxis._length && top >= 0 && top <= yaxis._length;
  return inside ? [xaxis._offset + left, yaxis._offset + top] : null;
}

function inSpace(layout, place) {
  const scene = layout.scene._scene;
  const { model, view, projection } = scene.glplot.cameraParams;
  let point = [...place.map((value, i) => value * scene.dataScale[i]), 1];
  for (const matrix of [model, view, projection]) {
    point = [0, 1, 2, 3].map((row) =>
      point.reduce((sum, value, column) => sum + value * matrix[4 * column + row], 0));
  }
  const { l, t, w, h } = layout._size;
  const [x, y] = [point[0] / point[3], point[1] / point[3]];
  if (point[3] <= 0 || Math.abs(x) > 1 || Math.abs(y) > 1) return null;
  return [l + (w * (1 + x)) / 2, t + (h * (1 - y)) / 2];
}

// What the places in the picture depend on: as long as it is the same, nothing is drawn.
function view(layout) {
  const { scene, xaxis, yaxis, width, height } = layout;
  const moving = scene
    ? Object.values(scene._scene.glplot.cameraParams).map((matrix) => Array.from(matrix || []))
    : [xaxis.range, yaxis.range];
  return JSON.stringify([width, height, moving]);
}

function element(name, attributes, text) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text; // never as HTML
  return made;
}

function draw(plot, marks) {
  const { width, height, scene } = plot._fullLayout;
  const svg = element("svg", {
    class: "explorer-marks",
    role: "img",
    "aria-label": "marked: " + marks.map((mark) => mark.text).join(", "),
    width,
    height,
    style: "position:absolute;left:0;top:0;pointer-events:none;font:13px sans-serif",
  });
  const layers = ["line", "shape", "name"].map(() => svg.appendChild(element("g", {})));
  for (const mark of marks) {
    const place = (scene ? inSpace : inPlane)(plot._fullLayout, mark.at);
    if (place === null) continue;
    const [x, y] = place;
    layers[1].append(element("path", {
      d: mark.path, fill: mark.color, stroke: "#222222", transform: `translate(${x},${y})`,
    }));
    if (!mark.offset) continue; // named at another mark of the same point
    const [x2, y2] = [x + mark.offset[0], y + mark.offset[1]];
    layers[0].append(element("line", { x1: x, y1: y, x2, y2, stroke: mark.color }));
    layers[2].append(element("text", {
      x: x2, y: y2, fill: "#222222", "text-anchor": "middle", "dominant-baseline": "central",
      stroke: "white", "stroke-width": 4, "stroke-linejoin": "round", "paint-order": "stroke",
      "font-weight": mark.large ? "bold" : "normal",
    }, mark.text));
  }
  plot.querySelector(".explorer-marks")?.remove();
  [...plot.querySelectorAll(".main-svg")].at(-1).before(svg); // below what the mouse calls up
}

function render({ model, el }) {
  let drawn = "", version = 0, frame = 0, asked = 0;
  const changed = () => { version += 1; };
  model.on("change:marks", changed);
  const look = () => {
    frame = requestAnimationFrame(look);
    const plots = el.closest(".course-explorer")?.querySelectorAll(".js-plotly-plot") ?? [];
    const plot = [...plots].find((one) => one.clientWidth && one._fullLayout?._size);
    // A page that is busy makes the picture before the points have come, and plotly does not look
    // again: the kernel is asked to put it in anew, with all that it holds.
    if (plot && !plot.data?.length && Date.now() - asked > 2000) {
      asked = Date.now();
      model.send("empty");
    }
    const space = plot?._fullLayout.scene;
    const marks = model.get("marks");
    if (!plot || (space && !space._scene?.glplot?.cameraParams)) return;
    if (marks.some((mark) => mark.at.length !== (space ? 3 : 2))) return; // for the other picture
    const now = version + view(plot._fullLayout);
    const there = plot.querySelector(".explorer-marks");
    if (now === drawn && there) return;
    drawn = now;
    draw(plot, marks);
  };
  look();
  return () => {
    model.off("change:marks", changed);
    cancelAnimationFrame(frame);
  };
}

export default { render };
