"use strict";
// What the viewers of this page share: data in levels, of which the items of the last are shown one at a
// time. A view has an address: #kind/name/name/name
const VIEWS = (() => {
  const make = (tag, properties, ...children) => {
    const made = Object.assign(document.createElement(tag), properties);
    made.append(...children);
    return made;
  };
  const fixed = (value) => (Math.round(100 * value) / 100 + 0).toFixed(2).replace("-", "−");

  const addressOf = (kind, names) =>
    `#${kind}/${names.map((name) => encodeURIComponent(name).replaceAll("%40", "@")).join("/")}`;

  function namesIn(hash, kind) {
    try {
      const [found, ...names] = hash.slice(1).split("/").map(decodeURIComponent);
      return found === kind ? names : null;
    } catch {
      return null; // none of our addresses
    }
  }

  // levels: what each is called, and its items within the one chosen above; show: draws one of each level;
  // label: what a select calls an item; parts: what stands under the controls
  function look({ viewer, kind, levels, show, label = ({ name }) => name, parts }) {
    let current; // the names of what is shown, one of each level
    let lists; // the items beside it

    function find(names, places = []) { // what is not there is the one in its place, or the first there is
      const chosen = [];
      lists = levels.map(([, within], level) => {
        const items = within(chosen[level - 1]);
        const named = items.find(({ name }) => name === names[level]);
        chosen.push(named ?? items[places[level]] ?? items[0]);
        return items;
      });
      return chosen;
    }

    const onchange = () =>
      go(selects.map(({ value }) => value), selects.map(({ selectedIndex }) => selectedIndex));
    const selects = levels.map(() => make("select", { onchange }));
    const [last] = levels.at(-1);
    const turn = (by, textContent, title) =>
      make("button", { type: "button", textContent, title, ariaLabel: title, onclick: () => step(by) });
    const count = make("output", {});

    function draw(chosen) {
      current = chosen.map(({ name }) => name);
      lists.forEach((items, level) => {
        const options = items.map((item) =>
          make("option", { value: item.name, textContent: label(item, level) }));
        selects[level].replaceChildren(...options);
        selects[level].value = current[level];
      });
      const items = lists.at(-1);
      count.textContent = `${items.indexOf(chosen.at(-1)) + 1} of ${items.length}`;
      show(chosen);
    }

    function go(names, places) {
      draw(find(names, places));
      history.replaceState(null, "", addressOf(kind, current));
    }

    function step(by) {
      const all = lists.at(-1).map(({ name }) => name), at = all.indexOf(current.at(-1));
      go([...current.slice(0, -1), all[(at + by + all.length) % all.length]]);
    }

    function arrive() {
      const names = namesIn(location.hash, kind);
      if (!names && current) return; // on the way to somewhere else on the page
      draw(find(names ?? []));
      if (!names) return;
      if (names.some((name, level) => name !== current[level])) count.prepend("no such address: this is ");
      viewer.focus({ preventScroll: true });
      viewer.scrollIntoView();
    }

    viewer.addEventListener("keydown", (event) => {
      const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (!by || event.altKey || event.ctrlKey || event.metaKey || event.target.matches("select")) return;
      event.preventDefault();
      step(by);
    });
    addEventListener("hashchange", arrive);

    viewer.append(
      make("div", { className: "filters" },
        ...selects.map((select, level) => make("label", {}, `${levels[level][0]} `, select)),
        turn(-1, "←", `previous ${last}`), turn(1, "→", `next ${last}`), count),
      ...parts);
    viewer.hidden = false;
    arrive();
  }

  return { make, fixed, look };
})();
