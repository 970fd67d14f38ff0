// The Playground binds every interface. Preloaded with `node -r`, this keeps it on this machine.
const { Server } = require("node:net");

const listen = Server.prototype.listen;

Server.prototype.listen = function (...given) {
  const [first, ...rest] = given;
  const done = rest.filter((argument) => typeof argument === "function");
  if (first !== null && typeof first === "object") {
    return first.port === undefined ? listen.apply(this, given) : listen.call(this, { ...first, host: "127.0.0.1" }, ...done);
  }
  if (typeof first === "string" && Number.isNaN(Number(first))) {
    return listen.apply(this, given); // a path of a Unix socket
  }
  const port = typeof first === "function" || first === undefined ? 0 : Number(first);
  return listen.call(this, { port, host: "127.0.0.1" }, ...(typeof first === "function" ? [first] : done));
};
