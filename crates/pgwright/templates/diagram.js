"use strict";
// The tables as boxes in layers, what refers to others on the left (Sugiyama's way: layers by longest path, order by barycentre).
(() => {
  const at = (id) => document.getElementById(id);
  const tables = JSON.parse(at("diagram-data").textContent);
  if (!tables.length) return;
  const pick = at("drawn"), drawing = at("drawing"), said = at("diagram-text");
  const byName = new Map(tables.map((table) => [table.table, table]));
  const label = (table) => table.model ?? table.table;
  const app = (table) => (table.model ? table.model.split(".")[0] : "other tables");
  const targets = (table) => table.columns.filter((column) => column.to && byName.has(column.to));
  const referring = new Map(tables.map((table) => [table.table, []]));
  for (const table of tables) for (const { to } of targets(table)) referring.get(to).push(table);

  const make = (name, attributes, ...children) => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.append(...children);
    return element;
  };

  const WIDTH = 230, ROW = 17, HEAD = 42, GAP = 90, SPACE = 22, MOST = 9, TALLEST = 8;
  const cut = (text, most) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);
  const rows = (table) => table.columns.slice(0, MOST);
  const rest = (table) => table.more + table.columns.length - rows(table).length;
  const height = (table) => HEAD + (rows(table).length + (rest(table) ? 1 : 0)) * ROW + 6;

  // How many references it is at most to a table that refers to nothing; circles are cut where they close.
  const layers = (shown) => {
    const depth = new Map(), open = new Set(), names = new Set(shown.map((table) => table.table));
    const walk = (table) => {
      if (depth.has(table.table)) return depth.get(table.table);
      if (open.has(table.table)) return -1;
      open.add(table.table);
      const below = targets(table).filter(({ to }) => to !== table.table && names.has(to)).map(({ to }) => walk(byName.get(to)));
      open.delete(table.table);
      const own = 1 + Math.max(-1, ...below);
      depth.set(table.table, own);
      return own;
    };
    shown.forEach(walk);
    const all = [];
    for (const table of shown) (all[depth.get(table.table)] ??= []).push(table);
    return all.filter(Boolean).reverse();
  };

  const order = (columns) => {
    const place = new Map();
    const note = () => columns.forEach((column) => column.forEach((table, index) => place.set(table.table, (index + 0.5) / column.length)));
    note();
    for (let sweep = 0; sweep < 6; sweep += 1) {
      for (const column of columns) {
        const middle = (table) => {
          const near = [...targets(table).map(({ to }) => to), ...referring.get(table.table).map((other) => other.table)];
          const known = near.filter((name) => name !== table.table && place.has(name)).map((name) => place.get(name));
          return known.length ? known.reduce((sum, next) => sum + next, 0) / known.length : place.get(table.table);
        };
        const weighed = new Map(column.map((table) => [table, middle(table)]));
        column.sort((left, right) => weighed.get(left) - weighed.get(right) || left.table.localeCompare(right.table));
        note();
      }
    }
  };

  const draw = (shown, middle) => {
    const columns = middle
      ? [referring.get(middle.table).filter((table) => table !== middle), [middle], targets(middle).map(({ to }) => byName.get(to)).filter((table) => table !== middle)]
        .map((column, index, all) => [...new Set(column)].filter((table) => index === 1 || !all.slice(0, index).some((before) => before.includes(table))))
        .filter((column) => column.length)
      : layers(shown);
    order(columns);
    // A layer with many tables takes several columns.
    const parts = columns.flatMap((column) => {
      const count = Math.ceil(column.length / TALLEST), size = Math.ceil(column.length / count);
      return Array.from({ length: count }, (_, index) => column.slice(index * size, (index + 1) * size));
    });
    const tall = (column) => column.reduce((sum, table) => sum + height(table) + SPACE, -SPACE);
    const whole = Math.max(...parts.map(tall)), places = new Map();
    parts.forEach((column, index) => {
      let y = SPACE + (whole - tall(column)) / 2;
      for (const table of column) {
        places.set(table.table, { table, x: SPACE + index * (WIDTH + GAP), y });
        y += height(table) + SPACE;
      }
    });
    const width = parts.length * (WIDTH + GAP) - GAP + 2 * SPACE + 24, tallest = whole + 2 * SPACE;
    const edges = [], boxes = [];
    for (const { table, x, y } of places.values()) {
      rows(table).forEach((column, index) => {
        const to = column.to && places.get(column.to);
        if (!to || (middle && table !== middle && to.table !== middle)) return;
        const from = y + HEAD + index * ROW + 6, end = to.y + 16;
        const right = to.x > x, same = to.x === x;
        const start = right || same ? x + WIDTH : x, stop = right ? to.x : to.x + WIDTH;
        const bend = same ? 40 : Math.max(40, Math.abs(stop - start) / 2) * (right ? 1 : -1), back = right || !same ? -bend : bend;
        edges.push(make("path", { class: column.null ? "edge may" : "edge", d: `M${start},${from} C${start + bend},${from} ${stop + back},${end} ${stop},${end}`, "marker-end": "url(#head)" }));
      });
      const texts = rows(table).map((column, index) =>
        make("text", { x: x + 10, y: y + HEAD + index * ROW + 10, class: column.key ? "key" : "" },
          cut(`${column.name}${column.to ? " →" : ""}  `, 24), make("tspan", { class: "dim" }, cut(column.type, Math.max(6, 30 - column.name.length)))));
      if (rest(table)) texts.push(make("text", { x: x + 10, y: y + HEAD + texts.length * ROW + 10, class: "dim" }, `and ${rest(table)} more`));
      const box = make("a", { class: table === middle ? "box middle" : "box", href: `#table-${table.table}`, "aria-label": `${label(table)}: ${table === middle ? "to its columns" : "draw it with its neighbours"}` },
        make("rect", { x, y, width: WIDTH, height: height(table), rx: 6 }),
        make("text", { x: x + 10, y: y + 18, class: "title" }, cut(label(table), 30)),
        make("text", { x: x + 10, y: y + 33, class: "dim" }, `${table.rows} rows`), ...texts);
      box.addEventListener("click", (event) => {
        if (table === middle) return;
        event.preventDefault();
        pick.value = `table ${table.table}`;
        choose();
        drawing.querySelector(".middle")?.focus({ preventScroll: true });
      });
      boxes.push(box);
    }
    const head = make("marker", { id: "head", viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 7, markerHeight: 7, orient: "auto" }, make("path", { class: "edge-head", d: "M0,0 L8,4 L0,8 z" }));
    drawing.replaceChildren(make("svg", { width, height: tallest, viewBox: `0 0 ${width} ${tallest}` }, make("defs", {}, head), ...edges, ...boxes));
  };

  // The same in words.
  const tell = (shown, middle) => {
    const names = (all) => [...new Set(all)].join(", ");
    if (!middle) {
      const count = shown.reduce((sum, table) => sum + targets(table).length, 0);
      said.textContent = `${shown.length} tables with ${count} foreign keys; a line leads from the column to the table it refers to, a broken one where it may be null. The primary key is underlined. A box draws that table with its neighbours; every table is listed below with all its columns.`;
      return;
    }
    const to = targets(middle).map((column) => `${label(byName.get(column.to))} (${column.name})`), from = referring.get(middle.table).map(label);
    said.textContent = `${label(middle)} ${to.length ? `refers to ${names(to)}` : "refers to no table"}; ${from.length ? `referred to by ${names(from)}` : "no table refers to it"}.`;
  };

  const choose = () => {
    const [kind, name] = [pick.value.split(" ", 1)[0], pick.value.slice(pick.value.indexOf(" ") + 1)];
    const middle = kind === "table" ? byName.get(name) : undefined;
    const shown = kind === "app" ? tables.filter((table) => app(table) === name) : tables;
    draw(shown, middle);
    tell(shown, middle);
  };

  const apps = [...new Set(tables.map(app))].sort(), option = (value, text) => Object.assign(document.createElement("option"), { value, textContent: text });
  const few = tables.length <= 40;
  pick.append(option("all ", `all ${tables.length} tables`));
  for (const name of apps) {
    const group = Object.assign(document.createElement("optgroup"), { label: name }), own = tables.filter((table) => app(table) === name);
    group.append(option(`app ${name}`, `${name}: all ${own.length}`), ...own.map((table) => option(`table ${table.table}`, `${label(table)} and its neighbours`)));
    pick.append(group);
  }
  const most = tables.reduce((best, table) => (referring.get(table.table).length > referring.get(best.table).length ? table : best));
  pick.value = few ? "all " : `app ${app(most)}`;
  pick.addEventListener("change", choose);
  at("diagram").hidden = false;
  choose();
})();
