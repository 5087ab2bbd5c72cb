<?php
/**
 * The plugin OpenID Connect Generic Client itself over the least of a WordPress: wordpress_plugin.php PLUGIN GENERATED SITE.
 * It loads the generated constants and settings, prints the address of its sign-in button, reads the query that Kinde sends back,
 * and prints what became of it. wordpress_plugin.mjs is the browser.
 */

declare( strict_types=1 );
error_reporting( E_ALL & ~E_DEPRECATED );
[ , $plugin, $generated, $site ] = $argv;

final class Gone extends Exception {}

class WP_Error {
	public function __construct( private string $code, private string $message = '', private mixed $data = null ) {}
	public function get_error_code() { return $this->code; }
	public function get_error_message() { return $this->message; }
	public function add( $code, $message ) { $this->message .= " $message"; }
}
class WP_User {
	public int $ID = 1;
	public string $user_login = '';
	public function exists() { return true; }
}
class WP_User_Query {
	public function __construct( $query ) {}
	public function get_total() { return 0; }
}
class WP_Session_Tokens {
	public static array $session = array();
	public static function get_instance( $user ) { return new self(); }
	public function create( $expiration ) { return 'token'; }
	public function get( $token ) { return self::$session; }
	public function update( $token, $session ) { self::$session = $session; }
}

const DAY_IN_SECONDS = 86400;
define( 'ABSPATH', __DIR__ );
$options = array( 'openid_connect_generic_settings' => json_decode( file_get_contents( "$generated/openid-connect-generic-settings.json" ), true ) );
$user = array();
$pagenow = 'index.php';

// What is the same in every WordPress: hooks that nobody hangs on to, options, users of which there are none.
foreach ( array( 'add_action', 'add_filter', 'do_action', 'add_shortcode', 'register_activation_hook', 'register_deactivation_hook',
	'wp_schedule_event', 'wp_set_auth_cookie', 'add_rewrite_rule', 'add_rewrite_tag' ) as $name ) {
	eval( "function $name( ...\$all ) { return true; }" );
}
foreach ( array( 'is_admin', 'is_user_logged_in', 'username_exists', 'email_exists', 'wp_next_scheduled' ) as $name ) {
	eval( "function $name( ...\$all ) { return false; }" );
}
foreach ( array( '__', 'esc_url_raw', 'wp_unslash', 'wp_validate_redirect', 'esc_html' ) as $name ) {
	eval( "function $name( \$first, ...\$rest ) { return \$first; }" );
}
function apply_filters( $name, $value, ...$rest ) { return $value; }
function apply_filters_deprecated( $name, $values, ...$rest ) { return $values[0]; }
function shortcode_atts( $defaults, $given, $name = '' ) { return array_merge( $defaults, (array) $given ); }
function is_wp_error( $it ) { return $it instanceof WP_Error; }
function get_option( $name, $default = false ) { return $GLOBALS['options'][ $name ] ?? $default; }
function update_option( $name, $value ) { $GLOBALS['options'][ $name ] = $value; return true; }
function set_transient( $name, $value, $seconds ) { return update_option( "_transient_$name", $value ); }
function get_transient( $name ) { return get_option( "_transient_$name" ); }
function site_url( $path = '' ) { return $GLOBALS['site'] . $path; }
function home_url( $path = '' ) { return $GLOBALS['site'] . $path; }
function admin_url( $path = '' ) { return $GLOBALS['site'] . "/wp-admin/$path"; }
function wp_login_url() { return $GLOBALS['site'] . '/wp-login.php'; }
function wp_redirect( $to ) { throw new Gone( $to ); }
function sanitize_user( $name, $strict = false ) { return preg_replace( '/[^A-Za-z0-9 _.\-@]/', '', $name ); }
function wp_generate_password( ...$all ) { return bin2hex( random_bytes( 16 ) ); }
function wp_insert_user( $data ) { $GLOBALS['user'] = $data; return 1; }
function get_user_by( ...$all ) {
	$user = new WP_User();
	$user->user_login = $GLOBALS['user']['user_login'];
	return $user;
}
function update_user_option( $user, $name, $value, $global = false ) { return update_option( "user $name", $value ); }
function get_user_option( $name, $user = 0 ) { return get_option( "user $name" ); }
function ask( $method, $url, $request ) {
	$headers = $request['headers'] ?? array();
	unset( $headers['Host'] ); // The sandbox's has a port.
	$lines = array_map( fn( $name ) => "$name: $headers[$name]", array_keys( $headers ) );
	$http = array( 'method' => $method, 'ignore_errors' => true, 'timeout' => 5, 'follow_location' => 0 );
	if ( 'POST' === $method ) {
		$lines[] = 'Content-Type: application/x-www-form-urlencoded';
		$http['content'] = http_build_query( $request['body'] ?? array() );
	}
	$body = file_get_contents( $url, false, stream_context_create( array( 'http' => $http + array( 'header' => $lines ) ) ) );
	return false === $body ? new WP_Error( 'http_request_failed' ) : array( 'body' => $body );
}
function wp_remote_post( $url, $request = array() ) { return ask( 'POST', $url, $request ); }
function wp_remote_get( $url, $request = array() ) { return ask( 'GET', $url, $request ); }

require "$generated/wp-config-kinde.php";
require "$plugin/openid-connect-generic.php";

$it = OpenID_Connect_Generic::instance();
$it->init();
echo $it->client_wrapper->get_authentication_url(), "\n";
parse_str( trim( (string) fgets( STDIN ) ), $_GET );
try {
	$it->client_wrapper->authentication_request_callback();
} catch ( Gone $gone ) {
	$logout = $it->client_wrapper->get_end_session_logout_redirect_url( "$site/", '', new WP_User() );
	$told = array(
		'to'      => $gone->getMessage(),
		'user'    => array_diff_key( $user, array( 'user_pass' => 0 ) ),
		'refresh' => ! empty( WP_Session_Tokens::$session['openid-connect-generic-refresh']['refresh_token'] ),
		'logout'  => $logout,
		'version' => OpenID_Connect_Generic::VERSION,
	);
	echo json_encode( $told ), "\n";
}
