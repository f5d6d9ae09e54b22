
// ── one example, number by number ───────────────────────────────────────────────────────────────

const numbers = new Numbers();
walk.point = numbers;

// Works everything out for these parameters and this example, of which the title tells.
function look(theta, x, y, title) {
  $("h1").textContent = title;
  const put = (places, given) => places.forEach((place, i) => { if (place !== null) numbers.data[place] = given[i]; });
  put(walk.parameters, theta);
  put(walk.inputs, x);
  put(walk.targets, y);
  numbers.run();
  player.graph.write();
  player.tell();
  player.list();
}

function begin() { player.go(1, false); }
