// Flutter: flutter pub add flutter_web_auth_2 flutter_secure_storage http. Follow the setup of
// flutter_web_auth_2 for the scheme my-app; android:usesCleartextTraffic="true" in the debug
// manifest. On the Android emulator your machine is 10.0.2.2 instead of 127.0.0.1.
import 'dart:convert';
import 'dart:math';

import 'package:flutter_secure_storage/flutter_secure_storage.dart';
import 'package:flutter_web_auth_2/flutter_web_auth_2.dart';
import 'package:http/http.dart' as http;

const authorizeUrl = 'http://127.0.0.1:8090/authorize';
const clientId = '477f8931a805905a7a7be491ff10faed';
const callback = 'my-app://callback';
const tokenSwapUrl = 'http://127.0.0.1:4343/swap';
const tokenRefreshUrl = 'http://127.0.0.1:4343/refresh';
const storage = FlutterSecureStorage();

class LogInAgain implements Exception {}

class TryLater implements Exception {
  TryLater(this.seconds);
  final int seconds;
}

Future<Map<String, dynamic>> logIn() async {
  final state = Random.secure().nextInt(1 << 32).toString();
  final url = Uri.parse(authorizeUrl).replace(queryParameters: {
    'client_id': clientId, 'response_type': 'code', 'redirect_uri': callback,
    'scope': 'user-read-private', 'state': state,
  });
  final back = await FlutterWebAuth2.authenticate(
      url: url.toString(), callbackUrlScheme: 'my-app');
  final answer = Uri.parse(back).queryParameters;
  if (answer['state'] != state || answer['code'] == null) throw LogInAgain();
  return _post(tokenSwapUrl, {'code': answer['code']!});
}

Future<Map<String, dynamic>> refresh() async {
  final token = await storage.read(key: 'refresh_token');
  if (token == null) throw LogInAgain();
  return _post(tokenRefreshUrl, {'refresh_token': token});
}

Future<Map<String, dynamic>> _post(String url, Map<String, String> form) async {
  final answer = await http.post(Uri.parse(url), body: form);
  final members = jsonDecode(answer.body) as Map<String, dynamic>;
  if (answer.statusCode == 200) {
    await storage.write(key: 'refresh_token', value: members['refresh_token'] as String);
    return members;
  }
  // Log out only on invalid_grant; everything else passes.
  if (members['error'] == 'invalid_grant') {
    await storage.delete(key: 'refresh_token');
    throw LogInAgain();
  }
  throw TryLater(int.tryParse(answer.headers['retry-after'] ?? '') ?? 5);
}

// Real Spotify, by spotify_sdk (it cannot log in at a fake): hand the code that it gets for you to
//   _post('https://YOUR-SERVICE/swap', {'code': code})
