for (const film of document.querySelectorAll(".film")) {
  const picture = film.parentElement.querySelector("img");
  film.style.backgroundImage = `url(${picture.src})`;
}
addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((d) => (d.open = true)));
