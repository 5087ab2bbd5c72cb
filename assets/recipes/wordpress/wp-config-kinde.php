<?php
/**
 * Sign-in with Kinde, for the plugin OpenID Connect Generic Client. In wp-config.php, above "That's all, stop editing":
 *
 *     require_once __DIR__ . '/wp-config-kinde.php';
 *
 * The client secret comes from the server's environment: OIDC_CLIENT_SECRET.
 */

// A button on the sign-in page; 'auto' sends everybody to Kinde at once.
define( 'OIDC_LOGIN_TYPE', 'button' );

define( 'OIDC_CLIENT_ID', %%client_id%% );
define( 'OIDC_CLIENT_SECRET', (string) getenv( 'OIDC_CLIENT_SECRET' ) );

// Without email nobody new can sign in; offline keeps people signed in.
define( 'OIDC_CLIENT_SCOPE', 'openid profile email offline' );

define( 'OIDC_ENDPOINT_LOGIN_URL', %%authorize%% );
define( 'OIDC_ENDPOINT_USERINFO_URL', %%userinfo%% );
define( 'OIDC_ENDPOINT_TOKEN_URL', %%token%% );
define( 'OIDC_ENDPOINT_LOGOUT_URL', %%logout%% );

// A person whose email an account has already gets that account: only where Kinde verifies every email.
define( 'OIDC_LINK_EXISTING_USERS', %%link%% );
define( 'OIDC_CREATE_IF_DOES_NOT_EXIST', true );
define( 'OIDC_REDIRECT_USER_BACK', true );
define( 'OIDC_REDIRECT_ON_LOGOUT', true );
define( 'OIDC_ENFORCE_PRIVACY', false );
define( 'OIDC_ACR_VALUES', '' );
define( 'OIDC_ENABLE_LOGGING', false );
define( 'OIDC_LOG_LIMIT', 1000 );
